"""`make bench`, or `python -m bench NAME…` for some of the figures: start a private set, measure, end it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import idle
from bench.processes import HOME, ended, free_port, healthy
from hitl_dashboard import embedded_redis, processes
from tests import postgres

ON_POSTGRESQL = ("effect", "cycles", "screen", "board", "trial", "judging")
NAMES = (*ON_POSTGRESQL, "idle")
# Whoever asks for everything does not wait for a million rows.
SLOW = ("judging",)


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """PostgreSQL, Redis, uvicorn and one worker; the environment of whoever measures them."""
    with ExitStack() as stack:
        server = embedded_redis.prepare(folder)
        environment = {
            **os.environ, "DJANGO_SETTINGS_MODULE": "bench.settings", "DATABASE_URL": stack.enter_context(postgres.server()),
            "REDIS_URL": server.url, "VAR_DIR": str(folder), "PORT": str(free_port()), "DEMO": "0", "EMBEDDED": "1",
            "LOG_LEVEL": "WARNING",
        }  # fmt: skip
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=HOME, env=environment, check=True)
        web = [
            *processes.uvicorn(int(environment["PORT"]))[:-1],
            "--timeout-keep-alive",
            "120",
            "bench.asgi:application",
        ]
        for name, command in {"redis": server.command, "web": web, "worker": processes.worker(beat=True)}.items():
            stack.enter_context(ended(command, environment, folder / f"{name}.log"))
        healthy(int(environment["PORT"]), 60)
        yield environment


def main(names: list[str]) -> int:
    if unknown := set(names) - set(NAMES):
        print(f"No such figure: {', '.join(sorted(unknown))}. There are {', '.join(NAMES)}.")
        return 2
    wanted = names or [name for name in NAMES if name not in SLOW]
    print(f"{'':<44}{'measured':>9}{'floor':>9} {'':<9}{'ratio':>8}", flush=True)
    with tempfile.TemporaryDirectory(prefix="hitl-bench-") as home:
        if asked := [name for name in ON_POSTGRESQL if name in wanted]:
            folder = Path(home, "production")
            folder.mkdir()
            with running(folder) as environment:
                subprocess.run([sys.executable, "manage.py", "measure", *asked], cwd=HOME, env=environment, check=True)
        if "idle" in wanted:
            folder = Path(home, "embedded")
            folder.mkdir()
            for figure in idle.embedded_set(folder):
                print(figure, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
