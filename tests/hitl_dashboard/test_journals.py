"""What processes say: bounded on disk, the important lines on the terminal, nothing forged."""

import logging
import os
from pathlib import Path

from hitl_dashboard.journals import LIMIT_BYTES, Journal
from hitl_dashboard.logs import OneLine
from tests.processes.product import until

LINE = b"2026-01-01 00:00:00,000 INFO agents: " + b"x" * 200 + b"\n"


def follow(journal: Journal, *said: bytes) -> None:
    """Let the journal hear this and then the end."""
    reader, writer = os.pipe()
    journal.follow(os.fdopen(reader, "rb"))
    with os.fdopen(writer, "wb") as stream:
        stream.writelines(said)


def test_warnings_reach_the_terminal_and_everything_the_file(tmp_path: Path) -> None:
    shown: list[str] = []
    warning = b"2026-01-01 00:00:00,000 WARNING agents.facts: facts are not sent\n"
    follow(
        journal := Journal(tmp_path / "log" / "web.log", shown.append), LINE, warning, b"# WARNING of others\n", b"\n"
    )
    until(lambda: journal.last == "# WARNING of others")
    assert shown == [warning.decode().strip()]
    until(lambda: (tmp_path / "log" / "web.log").read_bytes() == LINE + warning + b"# WARNING of others\n" + b"\n")


def test_a_talkative_process_fills_two_megabytes_at_most(tmp_path: Path) -> None:
    follow(journal := Journal(tmp_path / "log" / "web.log", print), *[LINE] * 20_000, b"the end\n")
    until(lambda: journal.last == "the end", what="the end of the output")
    files = sorted(path.name for path in (tmp_path / "log").iterdir())
    assert files == ["web.log", "web.log.1"]
    assert all(path.stat().st_size <= LIMIT_BYTES + len(LINE) for path in (tmp_path / "log").iterdir())


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    follow(journal := Journal(tmp_path / "log" / "web.log", print), LINE, b"still heard\n")
    until(lambda: journal.last == "still heard")


def test_nothing_in_a_message_can_begin_a_line_of_its_own() -> None:
    forged = "bad\n2026-01-01 CRITICAL root: all is lost\r\x1b[2K\u2028\u202e"
    try:
        raise ValueError("told by\nan agent")
    except ValueError as error:
        record = logging.LogRecord(
            "agents", logging.ERROR, "", 0, "%s", (forged,), (type(error), error, error.__traceback__)
        )
    line = OneLine("%(message)s").format(record)
    assert line.isprintable() and "told by\\nan agent" in line
    assert line.startswith(r"bad\n2026-01-01 CRITICAL root: all is lost\r\x1b[2K\u2028\u202e")
