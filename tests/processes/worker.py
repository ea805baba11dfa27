"""The product's own worker, with the tools of these tests in its toolbox."""

import django

from hitl_dashboard.celery import app

django.setup()

from agents import tools  # noqa: E402 -- it imports models

tools.FAMILIES = (*tools.FAMILIES, "tests.processes.toolbox")

__all__ = ["app"]
