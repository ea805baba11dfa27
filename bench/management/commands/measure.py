from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from bench import boards, decisions, judging, rows, trials
from bench.report import Figure

FIGURES: dict[str, Callable[[int], Iterator[Figure]]] = {
    "effect": decisions.one_by_one,
    "cycles": decisions.many_at_once,
    "screen": boards.other_screen,
    "board": boards.long_queue,
    "judging": judging.on_histories,
    "trial": trials.twenty_thousand,
}


class Command(BaseCommand):
    help = "Measure against processes that run already; `python -m bench` starts them."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("figures", nargs="+", choices=FIGURES)

    def handle(self, *args: Any, figures: list[str], **options: Any) -> None:
        rows.prepare()
        for name in figures:
            for figure in FIGURES[name](settings.PORT):
                self.stdout.write(str(figure))
                self.stdout.flush()
