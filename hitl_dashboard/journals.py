"""What the processes say: kept in files that stay small, the important lines shown on the terminal."""

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

LIMIT_BYTES = 1_000_000
IMPORTANT = re.compile(r"^\S+ \S+ (WARNING|ERROR|CRITICAL) ")


class Journal:
    """The output of one process: a file and the one before it, each no longer than a megabyte."""

    def __init__(self, path: Path, show: Callable[[str], None]) -> None:
        self.path, self.show = path, show
        self.last = ""

    def follow(self, stream: IO[bytes]) -> None:
        """Read the stream to its end, in the background, so that its writer never waits."""
        threading.Thread(target=self._read, args=(stream,), name=self.path.stem, daemon=True).start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip()
                self.last = line or self.last
                with suppress(OSError):  # a full disk must not stop the process whose words these are
                    self._keep(raw)
                if IMPORTANT.match(line):
                    self.show(line)

    def _keep(self, raw: bytes) -> None:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(raw)
            full = file.tell() > LIMIT_BYTES
        if full:
            self.path.replace(self.path.with_suffix(".log.1"))
