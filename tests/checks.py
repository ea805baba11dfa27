"""Every check, in named steps: `make test`. Says at the end what was skipped and why.

`python -m tests.checks NAME…` runs only the steps whose name begins with one of the words; `make soak` runs what takes longer.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests import catalogues, chromium, postgres

HOME = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
TOOLS = Path(PYTHON).parent
CI = bool(os.environ.get("CI"))
PYTEST = (PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider")
BESIDE = ("-n", "auto", "--dist", "loadfile")
# What starts processes and browsers waits for them most of the time: one more at once than there are cores.
WAITING = ("-n", str(min(4, (os.cpu_count() or 1) + 1)), "--dist")
PRODUCTION = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://:long-enough@127.0.0.1:1/0", "DEMO": "0",
    "EMBEDDED": "0", "SECRET_KEY": "of-the-check-only-and-longer-than-fifty-characters-0123456789", "ALLOWED_HOSTS": "hitl.example",
}  # fmt: skip
# Whatever this shell is set up for: the tests bring their own.
NEUTRAL = {
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "SECRET_KEY": "",
    "ALLOWED_HOSTS": "",
    "ORIGINS": "",
    "PORT": "",
    "VAR_DIR": "",
}
skipped: list[str] = []


def call(*words: str | Path, **changes: str) -> bool:
    return (
        subprocess.run([str(word) for word in words], cwd=HOME, env=os.environ | changes, check=False).returncode == 0
    )


def marked(mark: str) -> list[str]:
    """The files that have tests with this mark: workers need not collect the others to find them."""
    files = (HOME / "tests").rglob("test_*.py")
    return sorted(str(path) for path in files if f"mark.{mark}" in path.read_text(encoding="utf-8"))


def pytest(*words: str, **changes: str) -> bool:
    """Run tests, their output passed through, and remember what they skipped."""
    env = os.environ | NEUTRAL | changes
    ran = subprocess.Popen([*PYTEST, *words], cwd=HOME, env=env, stdout=subprocess.PIPE, text=True)
    assert ran.stdout is not None
    for line in ran.stdout:
        sys.stdout.write(line)
        if found := re.match(r"SKIPPED \[(\d+)\] (.*)", line):
            skipped.append(f"{found[1]} × {found[2].strip()}")
    return ran.wait() == 0


def suite(which: str = "not browser", **changes: str) -> bool:
    """First everything that only computes, then what starts processes."""
    good = pytest("-m", f"{which} and not processes", *BESIDE, "--maxprocesses", "4", **changes)
    started = ("-m", f"{which} and processes", *marked("processes"))
    # Test by test: each starts its own processes, and one file of them takes as long as all others together.
    return pytest(*started, *WAITING, "worksteal", **changes) and good


def on_postgres() -> bool:
    if postgres.binaries() is None:
        return missing("the tests on PostgreSQL", "a PostgreSQL server (Debian: postgresql)")
    with postgres.server() as address:
        return suite("not browser and not once", DATABASE_URL=address)


def soak() -> bool:
    """The races, many more rounds of each, on both databases: a quarter of an hour."""
    rounds = ("-m", "processes", str(HOME / "tests" / "processes" / "test_deciders.py"))
    good = pytest(*rounds, ROUNDS="60")
    if postgres.binaries() is None:
        return missing("the races on PostgreSQL", "a PostgreSQL server (Debian: postgresql)")
    with postgres.server() as address:
        return pytest(*rounds, ROUNDS="60", DATABASE_URL=address) and good


def no_browser(what: str) -> bool:
    return missing(what, f"Chromium (Debian: {' or '.join(chromium.PACKAGES)})")


def soak_browser() -> bool:
    """A thousand slips, two hundred pushes into what somebody types, ten minutes in front of a moving board: half an hour."""
    if chromium.path() is None:
        return no_browser("the soak in a browser")
    good = pytest(str(HOME / "tests" / "frontend" / "test_slips.py"), SLIPS="1000", PUSHES="200")
    return pytest(str(HOME / "tests" / "journeys" / "soak_layout.py")) and good


def browser() -> bool:
    if chromium.path() is None:
        return no_browser("the journeys in a browser")
    # Folder by folder: the largest files first would mix them, and a worker starts the product anew whenever it comes back.
    return pytest("-m", "browser", *marked("browser"), *WAITING, "loadfile", "--no-loadscope-reorder")


def translated() -> bool:
    if catalogues.there() is None:
        return missing("whether every word can be told in German", "gettext (Debian: gettext)")
    return call(PYTHON, "-m", "tests.catalogues")


def missing(what: str, install: str) -> bool:
    """With CI set a missing part is a failure; elsewhere just its tests are skipped, and it is said."""
    print(f"Cannot run {what}: install {install}.")
    skipped.append(f"{what}: {install} is not installed")
    return not CI


STEPS: dict[str, Callable[[], bool]] = {
    "lint": lambda: call(TOOLS / "ruff", "check", "."),
    "format": lambda: call(TOOLS / "ruff", "format", "--check", "."),
    "templates": lambda: call(TOOLS / "djlint", "--lint", "--quiet", "templates"),
    "types": lambda: call(TOOLS / "mypy"),
    "migrations": lambda: call(PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"),
    "deploy": lambda: call(PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION),
    "sqlite": suite,
    "translated": translated,
    "postgres": on_postgres,
    "browser": browser,
}
# Too long for every change: run before a release; the races after a change of a lock, a claim or a move, the other after
# one of the scripts that keep rows still and decide.
SLOWER: dict[str, Callable[[], bool]] = {"soak": soak, "soak_browser": soak_browser}
NEED_MORE = {"translated", "postgres", "browser", "soak", "soak_browser"}  # than pip brings


def install() -> None:
    """On Debian as root, bring the server and the browser that the tests need."""
    wanted = {("gettext",): catalogues.there, ("postgresql",): postgres.binaries, chromium.PACKAGES: chromium.path}
    if all(there() for there in wanted.values()) or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    quiet: dict[str, str] = {"DEBIAN_FRONTEND": "noninteractive"}
    call("apt-get", "update", "-q", **quiet)
    for packages, there in wanted.items():
        for package in packages:  # the next one where a release has no such package
            if not there():
                call("apt-get", "install", "-y", "-q", "--no-install-recommends", package, **quiet)


def main(words: list[str]) -> int:
    known = STEPS | SLOWER if words else STEPS
    chosen = [name for name in known if not words or any(name.startswith(word) for word in words)]
    bringing = threading.Thread(target=install)  # most of which is waiting, while other checks have what they need
    if NEED_MORE & set(chosen):
        bringing.start()
    failed = []
    for name in chosen:
        if name in NEED_MORE:
            bringing.join()
        print(f"── {name}", flush=True)
        began = time.monotonic()
        good = known[name]()
        print(f"── {name}: {'ok' if good else 'FAILED'}, {time.monotonic() - began:.0f} s", flush=True)
        if not good:
            failed.append(name)
    print(f"Skipped: {len(skipped)}." + "".join(f"\n  {line}" for line in skipped))
    print(f"Failed: {', '.join(failed)}." if failed else f"All {len(chosen)} checks passed.")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
