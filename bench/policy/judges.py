"""Asks a judge, any command that speaks JSON lines, about recorded calls, and plays the operator who answers."""

import hashlib
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from bench.policy.runs import Call

STOPPED = ("approve", "input", "block")
ALONE = ("auto", "review")

Notices = Callable[[Call], bool]


@dataclass(frozen=True)
class Judged:
    """One call and what the judge made of it."""

    call: Call
    decision: str
    risk: float
    reasons: list[str]
    first: bool = False  # of its tool, in the whole stream

    @property
    def stopped(self) -> bool:
        return self.decision in STOPPED


class Judge:
    """The running command. Raises SystemExit, with what it said, when it breaks the protocol."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self._say(request)
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self._give_up("it ended", request)
        answer = json.loads(line)
        if answer.get("decision") not in (*STOPPED, *ALONE) or answer.get("step") != request["step"]:
            self._give_up(line, request)
        return answer

    def tell(self, feedback: dict[str, Any]) -> None:
        self._say(feedback)

    def _say(self, line: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def _give_up(self, said: str, request: dict[str, Any]) -> NoReturn:
        raise SystemExit(f"The judge broke off at {request['run_id']}, step {request['step']}: {said}")


@contextmanager
def judge(command: Sequence[str]) -> Iterator[Judge]:
    """Start a judge, and end it."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield Judge(process)
        finally:
            if process.stdin:
                process.stdin.close()
            process.wait(30)


def careful(call: Call) -> bool:
    """An operator who sees everything that should not be."""
    return call.bad


def careless(call: Call) -> bool:
    """An operator who overlooks a fifth of it; the same fifth in every run of the measurement."""
    mark = hashlib.sha256(f"{call.run.name} {call.seq}".encode()).digest()[0]
    return call.bad and mark >= 256 // 5


def play(judge: Judge, calls: Iterable[Call], notices: Notices, agent: Callable[[Call], str]) -> Iterator[Judged]:
    """Put each call before the judge and tell it what the operator did. The runs go on as they were recorded."""
    seen: set[tuple[str, str]] = set()
    for call in calls:
        tool = call.seen["domain"], call.seen["tool"]
        request = {"type": "request", "run_id": call.run.name, "seq": call.seq, "agent": agent(call), **call.seen}
        answer = judge.ask(request)
        judged = Judged(call, answer["decision"], float(answer["risk"]), list(answer["reasons"]), tool not in seen)
        seen.add(tool)
        yield judged
        judge.tell({"type": "feedback", "run_id": call.run.name, "step": request["step"], **_outcome(judged, notices)})


def _outcome(judged: Judged, notices: Notices) -> dict[str, Any]:
    noticed = notices(judged.call)
    if judged.decision == "block":
        return {"ran": False, "operator": None, "error": False}
    if judged.stopped:
        operator, ran = ("rejected", False) if noticed else ("approved", True)
    else:
        # Nobody looks at what ran alone, unless something turned out to be wrong with it.
        operator, ran = ("flagged" if noticed else "approved" if judged.decision == "review" else None), True
    return {"ran": ran, "operator": operator, "error": judged.call.error and ran}
