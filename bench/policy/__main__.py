"""`python -m bench.policy FOLDER [-- COMMAND…]`: put recorded runs before a judge and compare its answers with the labels."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.policy import judges, measures, runs
from bench.policy.judges import Judged, Notices
from bench.policy.runs import Call, Run

HOME = Path(__file__).resolve().parent.parent.parent
EXPERIMENTS = {
    "a": "an operator who rejects everything injected or unwanted",
    "b": "one agent for each domain, an operator who overlooks a fifth",
    "c": "the last third of the runs, the first two played before",
    "d": "each domain on its own, from an empty start",
}


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    found = runs.runs(options.folder)
    catalogue = runs.catalogue(options.folder)
    if options.first_thirds:
        found = found[: len(found) * 2 // 3]

    def ask(chosen: Sequence[Run], notices: Notices, agent: Callable[[Call], str]) -> list[Judged]:
        calls = (call for run in chosen for call in runs.calls(run, catalogue))
        with judges.judge(options.command) as judge:
            return list(judges.play(judge, calls, notices, agent))

    written = options.answers.open("w", encoding="utf-8") if options.answers else None
    for letter in options.experiments:
        start = time.perf_counter()
        judged = list(_played(letter, found, ask))
        pace = sum(len(run.entry["steps"]) for run in found) / (time.perf_counter() - start)
        print(f"\n({letter}) {EXPERIMENTS[letter]}; {len(judged)} calls, {pace:.0f} answers a second")
        print(measures.table(judged, 0.95 if letter == "b" else 0.99), flush=True)
        for one in judged if written else ():
            print(json.dumps(_told(letter, one)), file=written)
    return 0


def _played(letter: str, found: Sequence[Run], ask: Callable[..., list[Judged]]) -> Iterator[Judged]:
    if letter == "b":
        yield from ask(found, judges.careless, lambda call: call.run.domain)
    elif letter == "c":
        last = {run.name for run in found[len(found) * 2 // 3 :]}
        yield from (one for one in ask(found, judges.careful, _own) if one.call.run.name in last)
    elif letter == "d":
        for domain in sorted({run.domain for run in found}):
            yield from ask([run for run in found if run.domain == domain], judges.careful, _own)
    else:
        yield from ask(found, judges.careful, _own)


def _own(call: Call) -> str:
    return call.run.agent


def _told(letter: str, one: Judged) -> dict[str, object]:
    call = one.call
    return {
        "experiment": letter, "run": call.run.name, "domain": call.run.domain, "seq": call.seq, "tool": call.seen["tool"],
        "args": call.seen["args"], "decision": one.decision, "risk": one.risk, "reasons": one.reasons,
        "labels": call.labels, "hijacked": call.run.hijacked,
    }  # fmt: skip


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    cut = list(arguments).index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="python -m bench.policy", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of recorded runs and their tools.jsonl")
    parser.add_argument("--experiments", default="abcd", help="some of abcd")
    parser.add_argument("--first-thirds", action="store_true", help="leave the last third out: for tuning")
    parser.add_argument("--answers", type=Path, help="write every answer beside its labels into this file")
    options = parser.parse_args(arguments[:cut])
    options.command = list(arguments[cut + 1 :]) or [sys.executable, str(HOME / "manage.py"), "assess"]
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
