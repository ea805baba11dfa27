from typing import Any

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db.models.signals import post_migrate

from hitl_dashboard import checks
from hitl_dashboard.celery import app  # so that every process binds its tasks to it

__all__ = ["ProjectConfig", "app"]


class ProjectConfig(AppConfig):
    name = "hitl_dashboard"

    def ready(self) -> None:
        # Servers and workers run no system checks: none of them starts with what these refuse.
        if faults := checks.safe_to_serve(None):
            raise ImproperlyConfigured(faults[0].msg)
        # Django announces a migration only for apps that have models, and the project has none.
        post_migrate.connect(make_cache_table, sender=apps.get_app_config("approvals"))


def make_cache_table(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """The table that holds the limits of sign-in; no migration of Django's makes it."""
    call_command("createcachetable", database=using, verbosity=0)
