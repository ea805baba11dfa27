"""How a figure is told: what was measured, the floor of the same run, and their ratio."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value beside its floor; `goal` is in the words of the README."""

    name: str
    measured: float
    floor: float
    unit: str
    goal: str
    note: str = ""

    def __str__(self) -> str:
        ratio = f"{self.measured / self.floor:.2f} ×" if self.floor else "    –"
        floor = f"{self.floor:.1f}" if self.floor else "–"
        line = f"{self.name:<44}{self.measured:>9.1f}{floor:>9} {self.unit:<9}{ratio:>8}   goal {self.goal}"
        return f"{line}\n{'':<4}{self.note}" if self.note else line


def p50(values: Sequence[float]) -> float:
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[18]
