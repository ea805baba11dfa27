from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from agents import guards


class ApprovalsConfig(AppConfig):
    name = "approvals"

    def ready(self) -> None:
        post_migrate.connect(install_guards, sender=self)


def install_guards(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Make verdicts, decisions, views and openings insert-only."""
    for name in ("Verdict", "Decision", "CardView", "CardOpening"):
        guards.append_only(connections[using], sender.get_model(name)._meta.db_table)
    policy = sender.get_model("Policy")._meta
    fixed = [field.column for field in policy.concrete_fields if field.column and field.column != "active"]
    guards.immutable(connections[using], policy.db_table, fixed, only_off="active")
