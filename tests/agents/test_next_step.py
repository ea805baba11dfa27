from itertools import product

import pytest

from agents.plans.steps import Done, Place, Step, Wait, next_step, places

PLAIN = [Step("a", "t", {}), Step("b", "t", {}), Step("c", "t", {})]
TREE = [
    Step("a", "t", {}),
    Step("b", "t", {}, depends_on=("a",)),
    Step("c", "t", {}),
    Step("d", "t", {}, depends_on=("b",)),
]
OTHER = [Step("a", "t", {}), Step("a2", "t", {}, instead_of="a"), Step("b", "t", {})]
FOLLOWED = [*OTHER[:2], Step("b", "t", {}, depends_on=("a",))]
PLAYED = [Step("a", "t", {}, may_fail=True), Step("b", "t", {}, may_fail=True)]
OK = "SUCCEEDED"
HOLDS = [Step("a", "t", {}, holds=True), Step("b", "t", {})]
GOES_ON = [Step("a", "t", {}, holds=False), Step("b", "t", {}), Step("c", "t", {}, depends_on=("a",))]


@pytest.mark.parametrize(
    ("steps", "states", "mode", "expected"),
    [
        (PLAIN, {}, "blocking", "a"),
        (PLAIN, {"a": OK}, "blocking", "b"),
        (PLAIN, {"a": "PENDING"}, "blocking", Wait()),
        (PLAIN, {"a": "UNKNOWN"}, "blocking", Wait()),
        (PLAIN, {"a": "EXECUTING"}, "blocking", Wait()),
        (PLAIN, {"a": "REJECTED"}, "blocking", Done("STOPPED", ("b", "c"), "a")),
        (PLAIN, {"a": OK, "b": "EXPIRED"}, "blocking", Done("STOPPED", ("c",), "b")),
        (PLAIN, {"a": "FAILED"}, "blocking", Done("FAILED", ("b", "c"), "a")),
        (PLAIN, {"a": OK, "b": OK, "c": OK}, "blocking", Done("SUCCEEDED")),
        (TREE, {"a": "PENDING"}, "queue", "c"),
        (TREE, {"a": "PENDING", "c": "PENDING"}, "queue", Wait()),
        (TREE, {"a": OK, "c": "PENDING"}, "queue", "b"),
        (TREE, {"a": "REJECTED"}, "queue", "c"),
        (TREE, {"a": "REJECTED", "c": OK}, "queue", Done("SUCCEEDED", ("b", "d"), "a")),
        (TREE, {"a": "REJECTED", "c": "REJECTED"}, "queue", Done("STOPPED", ("b", "d"), "a")),
        (TREE, {"a": OK, "b": "FAILED", "c": OK}, "queue", Done("FAILED", ("d",), "b")),
        (TREE, {"a": "UNKNOWN", "c": OK}, "queue", Wait()),
        (OTHER, {"a": OK}, "blocking", "b"),
        (OTHER, {"a": "REJECTED"}, "blocking", "a2"),
        (OTHER, {"a": "REJECTED", "a2": OK}, "blocking", "b"),
        (OTHER, {"a": "REJECTED", "a2": "REJECTED"}, "blocking", Done("STOPPED", ("b",), "a2")),
        (OTHER, {"a": "REJECTED", "a2": OK, "b": OK}, "blocking", Done("SUCCEEDED")),
        (OTHER, {"a": "FAILED"}, "blocking", Done("FAILED", ("b",), "a")),
        (FOLLOWED, {"a": "REJECTED"}, "queue", "a2"),
        (FOLLOWED, {"a": "REJECTED", "a2": "PENDING"}, "queue", Wait()),
        (FOLLOWED, {"a": "REJECTED", "a2": OK}, "queue", "b"),
        (FOLLOWED, {"a": "REJECTED", "a2": "EXPIRED"}, "queue", Done("STOPPED", ("b",), "a2")),
        (PLAYED, {"a": "FAILED"}, "blocking", "b"),
        (PLAYED, {"a": "BLOCKED"}, "blocking", "b"),
        (PLAYED, {"a": "REJECTED"}, "blocking", Done("STOPPED", ("b",), "a")),
        (PLAYED, {"a": "FAILED", "b": OK}, "blocking", Done("SUCCEEDED")),
        ([], {}, "blocking", Done("STOPPED")),
        (HOLDS, {"a": "PENDING"}, "queue", Wait()),
        (HOLDS, {"a": OK}, "queue", "b"),
        (HOLDS, {"a": "REJECTED"}, "queue", Done("STOPPED", ("b",), "a")),
        (GOES_ON, {"a": "PENDING"}, "blocking", "b"),
        (GOES_ON, {"a": "PENDING", "b": OK}, "blocking", Wait()),
        (GOES_ON, {"a": "REJECTED", "b": OK}, "blocking", Done("SUCCEEDED", ("c",), "a")),
        (GOES_ON, {"a": "PENDING", "b": "REJECTED"}, "blocking", Wait()),
        (GOES_ON, {"a": OK, "b": "REJECTED"}, "blocking", Done("STOPPED", ("c",), "b")),
    ],
)
def test_what_comes_next(steps: list[Step], states: dict[str, str], mode: str, expected: object) -> None:
    following = next_step(steps, states, mode)
    assert (following.key if isinstance(following, Step) else following) == expected


@pytest.mark.parametrize(
    ("steps", "states", "mode", "expected"),
    [
        (PLAIN, {"a": "PENDING"}, "blocking", {"b": Place(("a",)), "c": Place(("a",))}),
        (PLAIN, {"a": "PENDING"}, "queue", {"b": Place(), "c": Place()}),
        (TREE, {"a": "PENDING"}, "queue", {"b": Place(("a",)), "c": Place(), "d": Place(("b",))}),
        (TREE, {"a": "REJECTED"}, "queue", {"b": Place(("a",), True), "c": Place(), "d": Place(("b",), True)}),
        (OTHER, {"a": "PENDING"}, "queue", {"a2": Place(("a",)), "b": Place()}),
        (OTHER, {"a": OK}, "queue", {"a2": Place((), True), "b": Place()}),
        (HOLDS, {"a": "PENDING"}, "queue", {"b": Place(("a",))}),
        (GOES_ON, {"a": "PENDING"}, "blocking", {"b": Place(), "c": Place(("a", "b"))}),
    ],
)
def test_what_each_step_waits_for(
    steps: list[Step], states: dict[str, str], mode: str, expected: dict[str, Place]
) -> None:
    assert places(steps, states, mode) == expected


def plans_of_three() -> list[list[Step]]:
    """Every plan of three steps: what each holds, and on which earlier ones it depends."""
    needs = product(((), ("a",)), ((), ("a",), ("b",), ("a", "b")))
    return [
        [
            Step("a", "t", {}, holds=held[0]),
            Step("b", "t", {}, holds=held[1], depends_on=b),
            Step("c", "t", {}, holds=held[2], depends_on=c),
        ]
        for b, c in needs
        for held in product((True, False), repeat=3)
    ]


def test_every_small_plan_ends_and_says_at_each_moment_what_is_next() -> None:
    """Whatever people answer, in whatever order: no plan waits for nothing, and what is told agrees with what is done."""
    for steps in plans_of_three():
        seen: list[dict[str, str]] = []
        ahead: list[dict[str, str]] = [{}]
        while ahead:
            states = ahead.pop()
            if states in seen:
                continue
            seen.append(states)
            following, told = next_step(steps, states, "queue"), places(steps, states, "queue")
            free = next((key for key, place in told.items() if not place.behind and not place.left_out), None)
            still_open = [key for key, state in states.items() if state == "PENDING"]
            if isinstance(following, Step):
                assert free == following.key, (steps, states)
                ahead.append({**states, following.key: "PENDING"})
            elif isinstance(following, Wait):
                assert still_open and free is None, (steps, states)
            else:
                assert not still_open, (steps, states)
            ahead += [{**states, key: end} for key in still_open for end in (OK, "REJECTED")]
