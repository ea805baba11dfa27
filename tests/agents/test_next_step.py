import pytest

from agents.plans.steps import Done, Step, Wait, next_step

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
    ],
)
def test_what_comes_next(steps: list[Step], states: dict[str, str], mode: str, expected: object) -> None:
    following = next_step(steps, states, mode)
    assert (following.key if isinstance(following, Step) else following) == expected
