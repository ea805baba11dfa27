"""Whether every sentence of the code stands in the catalogues, and none that is gone. `make messages` mends it."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.pofile import read_po

HOME = Path(__file__).resolve().parent.parent
PARTS = ("agents", "approvals", "hitl_dashboard", "templates", "locale")
Sentence = tuple[str | None, str]


def there() -> str | None:
    """The tool of gettext that finds sentences."""
    return shutil.which("xgettext") and shutil.which("msgmerge")


def sentences(home: Path) -> set[Sentence]:
    with (home / "locale" / "de" / "LC_MESSAGES" / "django.po").open("rb") as file:
        found = [one for one in read_po(file, locale="de") if one.id]
    return {(one.context, one.id if isinstance(one.id, str) else " | ".join(one.id)) for one in found}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in PARTS:
            shutil.copytree(HOME / part, copy / part)
        shutil.copy(HOME / "manage.py", copy)
        env = os.environ | {"VAR_DIR": str(copy / "var")}
        subprocess.run(
            [sys.executable, "manage.py", "makemessages"], cwd=copy, env=env, check=True, capture_output=True
        )
        known, said = sentences(HOME), sentences(copy)
    for which, some in (("Not in the catalogue", said - known), ("Said no more", known - said)):
        for _context, text in sorted(some, key=str):
            print(f"{which}: {text}")
    return int(said != known)


if __name__ == "__main__":
    sys.exit(main())
