from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

from agents import guards


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        post_migrate.connect(install_guards, sender=self)


def install_guards(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Make Events, seals, versions, guidance and messages insert-only and the endings of tasks and actions final."""
    connection = connections[using]
    for name in ("Event", "Seal", "ActionVersion", "Guidance", "Message"):
        guards.append_only(connection, sender.get_model(name)._meta.db_table)
    for model in (sender.get_model("Task"), sender.get_model("Action")):
        guards.final_states(connection, model._meta.db_table, model.State.endings())  # type: ignore[attr-defined]
