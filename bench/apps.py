from importlib import import_module

from django.apps import AppConfig


class Bench(AppConfig):
    name = "bench"

    def ready(self) -> None:
        """The tool and the agent of the measurements are listed like any other."""
        # Named, not imported: they load models, and this module is read before those may load.
        tools, plans = import_module("agents.tools"), import_module("agents.plans")
        tools.FAMILIES = (*tools.FAMILIES, "bench.office")
        plans.PLANS = (*plans.PLANS, "bench.office")
