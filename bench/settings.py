"""The product's settings, with the floors beside it in the same processes."""

from hitl_dashboard.settings import *  # noqa: F403
from hitl_dashboard.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench"]
ROOT_URLCONF = "bench.urls"
ASGI_APPLICATION = "bench.asgi.application"
CELERY_IMPORTS = ["bench.floor"]
