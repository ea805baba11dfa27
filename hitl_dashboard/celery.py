"""The Celery application. Its messages are hints; what is true stands in the database."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_embedded_init, setup_logging, worker_ready

from hitl_dashboard.processes import die_with

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hitl_dashboard.settings")

app = Celery("hitl_dashboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["approvals"])
app.autodiscover_tasks(["approvals"], related_name="demo")


@setup_logging.connect
def keep_our_logs(**kwargs: Any) -> None:
    """Whoever listens here sets up logging: Django has, from the settings."""


@worker_ready.connect
def begin_at_once(**kwargs: Any) -> None:
    """Beat waits an interval before its first hint; a worker that has started sweeps and says that it lives at once."""
    for name in ("heartbeat", "sweep"):
        app.send_task(f"approvals.tasks.{name}", expires=60)


@beat_embedded_init.connect
def end_with_the_worker(**kwargs: Any) -> None:
    """A worker that is killed cannot stop its embedded beat: the kernel does."""
    die_with(os.getppid())
