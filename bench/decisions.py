"""From a decision to its effect, one at a time and 32 at once. Product and floor take turns."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from bench import rows
from bench.browser import Browser
from bench.office import STEPS
from bench.report import Figure, p50

OURS, FLOOR = "/decide/", "/floor/decide/"
ROUNDS = 3
TASKS = 8
AT_ONCE = 32


def one_by_one(port: int) -> Iterator[Figure]:
    """Decision → effect: from the moment the post leaves to the row of the effect."""
    person = Browser(port, "first")
    taken: dict[str, list[float]] = {OURS: [], FLOOR: []}
    for _round in range(ROUNDS):
        for path, times in taken.items():
            times += _delays(person, path)[STEPS:]
    ours, floor = ([1_000 * t for t in taken[path]] for path in (OURS, FLOOR))
    yield Figure("decision → effect, p50", p50(ours), p50(floor), "ms", "≤ 1.5 ×", f"{len(ours)} decisions each")


def _delays(person: Browser, path: str) -> list[float]:
    """One decision after the other; the next one only when all that follows from the last is written."""
    left: dict[int, float] = {}
    for done, task in ((done, task) for task in rows.begin(TASKS) for done in range(STEPS)):
        question = rows.asked([task])[task]
        left[question[0]] = time.time()
        person.approve(path, question)
        rows.until(lambda task=task, done=done: rows.settled(task, done + 1), 30, 0.02)
    return [at - left[pk] for pk, at in zip(left, rows.effect_times(list(left)), strict=True)]


def many_at_once(port: int) -> Iterator[Figure]:
    """Full cycles a second: the question appears, a person says yes, the effect happens, the next question appears."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        first = Browser(port, "first")
        people = [first.tab() for _ in range(AT_ONCE)]
        speeds: dict[str, list[float]] = {OURS: [], FLOOR: []}
        for _round in range(ROUNDS):
            for path, found in speeds.items():
                found.append(_speed(threads, people, path))
    ours, floor = (p50(speeds[path]) for path in (OURS, FLOOR))
    note = f"median of {ROUNDS} rounds of {AT_ONCE * STEPS} cycles each"
    yield Figure(f"full cycles a second, {AT_ONCE} at once", ours, floor, "1/s", "≥ 0.7 ×", note)


def _speed(threads: ThreadPoolExecutor, people: list[Browser], path: str) -> float:
    started = rows.begin(AT_ONCE)
    desk = dict(zip(started, people, strict=True))
    answered: list[int] = []
    posts: dict[int, Future[None]] = {}
    begun = time.time()
    while len(answered) < AT_ONCE * STEPS:
        for task, question in rows.asked(started).items():
            # The next question may be there before the page that answered the last one.
            if question[0] not in answered and (task not in posts or posts[task].done()):
                answered.append(question[0])
                posts[task] = threads.submit(desk[task].approve, path, question)
        for post in posts.values():
            if post.done():
                post.result()
        assert time.time() < begun + 300, f"only {len(answered)} questions came"
        time.sleep(0.01)
    for post in posts.values():
        post.result()
    return len(answered) / (max(rows.effect_times(answered)) - begun)
