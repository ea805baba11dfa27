"""What the whole embedded set takes while nobody asks anything of it. Linux tells it in /proc."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.processes import ended, free_port, healthy
from bench.report import Figure

SETTLE_SECONDS, WATCH_SECONDS = 12, 30
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def embedded_set(folder: Path) -> Iterator[Figure]:
    """`make run` with DEMO=0 and no browser: memory of all its processes, and their share of one core."""
    port = free_port()
    environment = {**os.environ, "DEMO": "0", "PORT": str(port), "VAR_DIR": str(folder)}
    with ended([sys.executable, "manage.py", "up"], environment, folder / "up.log") as up:
        healthy(port, 60)
        time.sleep(SETTLE_SECONDS)
        family = _family(up.pid)
        before = sum(_cpu_seconds(pid) for pid in family)
        time.sleep(WATCH_SECONDS)
        share = 100 * (sum(_cpu_seconds(pid) for pid in family) - before) / WATCH_SECONDS
        resident, shared = sum(map(_resident, family)), sum(map(_proportional, family))
    note = f"{len(family)} processes; {shared:.0f} MiB when what they share is counted once"
    yield Figure("embedded set, resident", resident, 0, "MiB", "≤ 400 MiB", note)
    yield Figure("embedded set, idle", share, 0, "% core", "≤ 3 % of one core", f"over {WATCH_SECONDS} s")


def _family(root: int) -> list[int]:
    """A process and all that descend from it."""
    found = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in found.splitlines())}
    family = [root]
    for pid in family:
        family += [child for child, parent in parents.items() if parent == pid]
    return family


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20


def _proportional(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
