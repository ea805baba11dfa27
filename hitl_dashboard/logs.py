"""Log lines that cannot be forged: whatever a message holds, it stays on its own line."""

import logging


def plain(text: str) -> str:
    """The text with every line break and control character shown as an escape."""
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode("ascii") for mark in text)


class OneLine(logging.Formatter):
    """One record, one line, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return plain(super().format(record))


class NoProbes(logging.Filter):
    """A probe that hears "not well" is an answer, not an error of ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        return getattr(request, "path", "") != "/healthz"
