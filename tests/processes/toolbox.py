"""Tools whose moments can be met: each waits, acts, and waits again, as long as its arguments say."""

import time
from typing import Any

from django.db import connection

from agents.toolbox.world import earlier, happened, schema
from agents.tools import Call, Effect, Finding, Preview, Repeatability, Tool

SECONDS = {"type": "number", "minimum": 0, "maximum": 60}
ARGUMENTS = {**schema((), before=SECONDS, after=SECONDS), "required": []}


def once(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    """Acts whenever it is called: nothing but the claim keeps it from acting twice."""
    time.sleep(arguments.get("before", 0))
    done = happened(call, "test.once", "once")
    time.sleep(arguments.get("after", 0))
    return done


def idempotent(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    """Honours its key, as a good target does."""
    time.sleep(arguments.get("before", 0))
    done = earlier(call, "test.idempotent") or happened(call, "test.idempotent", "idempotent")
    if not done.get("repeated"):
        time.sleep(arguments.get("after", 0))
    return done


def read(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    """Only looks."""
    time.sleep(arguments.get("before", 0))
    return {"seen": True}


def probeable(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    """Acts as often as it is called, and can be asked afterwards."""
    time.sleep(arguments.get("before", 0))
    done = happened(call, "test.probeable", "probeable")
    time.sleep(arguments.get("after", 0))
    return done


def look(arguments: dict[str, Any], call: Call) -> Finding:
    """Answers nobody who keeps a transaction open meanwhile."""
    if connection.in_atomic_block:
        raise RuntimeError("asked inside a transaction")
    done = earlier(call, "test.probeable")
    return Finding(bool(done), f"the log of effects holds {done['effect'] if done else 'none'}")


def preview(arguments: dict[str, Any]) -> Preview:
    return Preview("generic", "Test", "Something happens.", target="test", verb="run it")


ASKS = Effect(affects_others=True)
TOOLS = tuple(
    Tool(f"test.{kind}", "1", kind, ARGUMENTS, ASKS, kind, run, preview, timeout_seconds=60, probe=probe)
    for kind, run, probe in (
        (Repeatability.ONCE, once, None),
        (Repeatability.IDEMPOTENT, idempotent, None),
        (Repeatability.READ_ONLY, read, None),
        (Repeatability.PROBEABLE, probeable, look),
    )
)
