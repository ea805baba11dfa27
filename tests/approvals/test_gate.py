"""From the approved row to the effect: the final gate, the fence, and what happens when something is missing."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from agents import execution, leases, runner
from agents.models import Action, ActionVersion, Seal, Task, User
from agents.plans.steps import Step
from agents.toolbox.models import Effect
from agents.toolbox.seed import seed
from approvals import controls, decisions, gate, tasks
from approvals.models import Approval, Policy
from tests.cast import Answer, a_task, a_tool, approve, kinds, proof, propose, question

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("office")]

NOTICE = {"team": "platform", "text": "Meeting at two."}


def taken(task: Task) -> Task:
    """The task in the hands of a worker, as `leases.take` gives it."""
    leases.wake(task.pk)
    mine = leases.take(task.pk, "worker")
    assert mine is not None
    return mine


def notice(**task: object) -> Action:
    return propose(tool="chat.post", arguments=NOTICE, task=a_task(**task))


def perform(action: Action) -> bool:
    task = taken(action.task)
    fresh = Action.objects.select_related("tool", "task", "agent").get(pk=action.pk)
    fresh.task = task
    done = execution.perform(fresh, gate=gate)
    leases.release(task)
    action.refresh_from_db()
    return done


def test_an_approved_action_runs_once_and_leaves_its_trace(mara: User) -> None:
    action = notice()
    approve(action, mara)
    assert perform(action)
    assert (action.state, action.fence, Effect.objects.filter(action_id=action.pk).count()) == ("SUCCEEDED", 1, 1)
    assert kinds(action)[-2:] == ["action.executing", "action.succeeded"]
    assert not perform(action)
    assert Effect.objects.count() == 1


@pytest.mark.parametrize("state", ["PROPOSED", "PENDING", "REJECTED", "EXPIRED", "CANCELLED", "BLOCKED", "UNKNOWN"])
def test_what_is_not_approved_does_not_run(state: str) -> None:
    action = notice()
    Action.objects.filter(pk=action.pk).update(state=state)
    assert not perform(action)
    assert not Effect.objects.exists()


def test_what_would_run_must_be_what_was_approved(mara: User) -> None:
    action = notice()
    approve(action, mara)
    Action.objects.filter(pk=action.pk).update(digest="0" * 64)
    perform(action)
    assert (action.state, Effect.objects.count()) == ("BLOCKED", 0)


def test_a_voice_of_somebody_who_lost_the_role_does_not_count(mara: User, jonas: User) -> None:
    action = notice()
    approve(action, mara)
    mara.roles.clear()
    perform(action)
    assert (action.state, action.version, Effect.objects.count()) == ("PENDING", 2, 0)
    assert "no longer counts" in action.reason
    approve(action, jonas)
    assert perform(action)


def test_a_voice_of_somebody_disabled_does_not_count(mara: User) -> None:
    action = notice()
    approve(action, mara)
    User.objects.filter(pk=mara.pk).update(is_active=False)
    perform(action)
    assert action.state == "PENDING"


def test_old_voices_expire(mara: User) -> None:
    action = notice()
    approve(action, mara)
    tier = question(action).tier
    tier.fresh_minutes = 0
    tier.save()
    perform(action)
    assert (action.state, question(action).state) == ("EXPIRED", Approval.State.EXPIRED)


def test_a_disabled_tool_blocks(mara: User) -> None:
    action = notice()
    approve(action, mara)
    action.tool.enabled = False
    action.tool.save()
    perform(action)
    assert action.state == "BLOCKED"


def test_a_changed_tool_is_asked_about_again(mara: User) -> None:
    action = notice()
    approve(action, mara)
    action.tool.version = "2"
    action.tool.save()
    perform(action)
    assert (action.state, action.version) == ("PENDING", 2)
    approve(action, mara)
    assert perform(action)


def test_a_tool_that_changed_too_far_to_ask_again_is_blocked(mara: User) -> None:
    counts = {"type": "object", "properties": {"count": {"type": "number"}}}
    tool = a_tool("medium", schema=counts)
    action = propose(tool=tool.name, arguments={"count": 1.5})
    approve(action, mara)
    counts["properties"]["count"]["type"] = "integer"
    tool.schema, tool.version = counts, "2"
    tool.save()
    perform(action)
    assert (action.state, question(action).state) == ("BLOCKED", Approval.State.CANCELLED)


def test_a_task_that_was_stopped_in_this_moment_proposes_nothing(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    task = taken(a_task())

    def arguments(_results: object) -> dict[str, str]:
        controls.stop_task(Task.objects.get(pk=task.pk), mara, proof())
        return NOTICE

    monkeypatch.setattr("agents.plans.steps_of", lambda _task: [Step("notify", "chat.post", arguments)])
    assert not runner.advance(task, gate=gate)
    assert not task.actions.exists()


def test_one_row_that_cannot_be_settled_keeps_none_of_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, fine = notice(), notice()
    expire = gate.expire

    def expires(approval: Approval) -> None:
        if approval.action_id == broken.pk:
            raise RuntimeError("a bug")
        expire(approval)

    monkeypatch.setattr(gate, "expire", expires)
    Approval.objects.update(deadline=Now() - timedelta(seconds=1))
    tasks.sweep()
    fine.refresh_from_db()
    assert fine.state == "EXPIRED"
    assert Seal.objects.exists()


def test_a_stricter_policy_is_asked_about_again(mara: User, ines: User, sami: User) -> None:
    action = notice()
    approve(action, mara)
    Policy.objects.update(active=False)
    Policy.objects.create(
        version=2, active=True, rules=[{"name": "Chat", "when": 'tool.startsWith("chat.")', "floor": "critical"}]
    )
    perform(action)
    assert (action.state, question(action).tier.level) == ("PENDING", "critical")
    approve(action, ines)
    approve(action, sami)
    assert perform(action)


def test_a_new_policy_that_is_no_stricter_changes_nothing(mara: User) -> None:
    action = notice()
    approve(action, mara)
    Policy.objects.update(active=False)
    Policy.objects.create(version=2, active=True, rules=[])
    assert perform(action)


def test_a_stop_holds_what_is_approved_and_lifting_lets_it_go(cast: dict[str, User]) -> None:
    action = notice()
    approve(action, cast["mara"])
    controls.engage(cast["mara"], proof(), agent=action.agent)
    assert not perform(action)
    assert action.state == "APPROVED"
    stop = action.agent.stops.get()
    assert controls.lift(stop, cast["ines"], proof())
    assert perform(action)


def test_stop_everything_needs_two_people_to_lift(cast: dict[str, User]) -> None:
    controls.engage(cast["mara"], proof())
    stop = controls.stops.engaged().get()
    with pytest.raises(decisions.Forbidden):
        controls.lift(stop, cast["mara"], proof())
    assert not controls.lift(stop, cast["ines"], proof())
    assert not controls.lift(stop, cast["ines"], proof())
    assert controls.lift(stop, cast["omar"], proof())
    assert not controls.stops.engaged().exists()


def test_a_paused_task_claims_nothing(mara: User) -> None:
    action = notice()
    approve(action, mara)
    controls.pause(action.task, mara, proof())
    leases.wake(action.task_id)
    assert leases.take(action.task_id, "worker") is None
    controls.resume(action.task, mara, proof())
    assert perform(action)


def test_stopping_a_task_cancels_what_is_open(mara: User) -> None:
    action = notice()
    approve(action, mara)
    controls.stop_task(action.task, mara, proof())
    action.refresh_from_db()
    assert (action.state, question(action).state) == ("CANCELLED", Approval.State.CANCELLED)


def test_arguments_that_do_not_fit_are_blocked() -> None:
    action = propose(tool="chat.post", arguments={"team": "nobody", "text": "x"})
    assert action.state == "BLOCKED"
    assert "team" in action.reason


def test_an_unknown_tool_is_critical_and_never_executes(cast: dict[str, User]) -> None:
    action = propose(tool="no.such", arguments={"a": 1})
    assert (action.state, action.level) == ("PENDING", "critical")
    approve(action, cast["ines"])
    approve(action, cast["sami"])
    perform(action)
    assert action.state == "BLOCKED"


def test_an_error_in_the_gate_is_critical(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("approvals.risk.assess", broken)
    action = notice()
    assert (action.state, action.level) == ("PENDING", "critical")


def test_reading_runs_on_its_own() -> None:
    Policy.objects.update(active=False)
    Policy.objects.create(version=2, active=True, thresholds={"sampled": 0})  # nobody looks at a share of it afterwards
    action = propose(tool="web.search", arguments={"query": "refunds"})
    assert action.state == "APPROVED"
    assert perform(action)
    assert not action.approvals.exists()


def lost(action: Action) -> None:
    """A worker claimed the action and died."""
    Action.objects.filter(pk=action.pk).update(
        state="EXECUTING", fence=1, epoch=1, attempts=1, leased_by="dead", leased_until=Now() - timedelta(seconds=1)
    )
    tasks.sweep()
    action.refresh_from_db()


def test_a_lost_worker_leaves_unknown_and_a_senior_settles_it(mara: User, ines: User) -> None:
    action = notice()
    approve(action, mara)
    lost(action)
    assert action.state == "UNKNOWN"
    approval = question(action)
    assert (approval.kind, approval.tier.level, approval.state) == ("settle", "high", "open")
    settle = {"seen": Answer(ines).seen(approval), "proof": proof()}
    with pytest.raises(ValueError, match="evidence"):
        decisions.settle(approval, ines, answer="happened", note=" ", **settle)
    with pytest.raises(decisions.Forbidden):
        decisions.settle(approval, mara, answer="happened", note="seen it", **settle)
    decisions.settle(
        approval, ines, answer="cannot_tell", note="no trace", seen=Answer(ines).seen(approval), proof=proof()
    )
    action.refresh_from_db()
    assert action.state == "UNKNOWN"
    decisions.settle(approval, ines, answer="did_not_happen", note="nobody got it", **settle)
    action.refresh_from_db()
    assert (action.state, action.reason) == ("FAILED", "nobody got it")


def test_unknown_at_critical_needs_two_people_who_agree(cast: dict[str, User]) -> None:
    action = propose(tool="deploy.restart_pool", arguments={"pool": "eu-2"})
    approve(action, cast["ines"])
    approve(action, cast["sami"])
    lost(action)
    approval = question(action)
    for name, answer, state, done in (("ines", "happened", "UNKNOWN", 0), ("sami", "happened", "SUCCEEDED", 1)):
        person = cast[name]
        decisions.settle(
            approval, person, answer=answer, note="logs", seen=Answer(person).seen(approval), proof=proof()
        )
        action.refresh_from_db()
        assert (action.state, Task.objects.get(pk=action.task_id).done) == (state, done)


def test_a_lost_reading_is_read_again() -> None:
    action = propose(tool="web.search", arguments={"query": "refunds"})
    lost(action)
    assert (action.state, action.fence) == ("APPROVED", 2)
    assert perform(action)


def test_a_late_report_changes_nothing_and_is_kept(mara: User) -> None:
    action = notice()
    approve(action, mara)
    lost(action)
    late = Action.objects.select_related("tool", "task").get(pk=action.pk)
    late.epoch = 1
    execution.finish(late, 1, execution.Outcome("SUCCEEDED", {"late": True}), gate=gate)
    action.refresh_from_db()
    assert (action.state, action.result) == ("UNKNOWN", None)
    assert kinds(action)[-1] == "action.late_report"


def test_a_lost_connection_after_sending_is_unknown(mara: User) -> None:
    seed()
    wire = {"to": "Baltic Cloud", "amount_minor": 4_900, "currency": "EUR", "reference": "hosting"}
    action = propose(tool="payments.wire", arguments=wire)
    approve(action, mara)
    perform(action)
    assert (action.state, Effect.objects.count()) == ("UNKNOWN", 1)
    assert question(action).kind == Approval.Kind.SETTLE


def test_what_nobody_answers_expires_and_is_no_approval() -> None:
    action = notice()
    Approval.objects.update(deadline=Now() - timedelta(seconds=1))
    tasks.sweep()
    action.refresh_from_db()
    assert (action.state, question(action).state) == ("EXPIRED", "expired")
    assert kinds(action)[-1] == "action.expired"


def test_a_tier_may_hand_up_and_the_last_rung_expires() -> None:
    action = notice()
    for level in ("medium", "high", "critical"):
        Approval.objects.update(deadline=Now() - timedelta(seconds=1), at_zero="hand_up")
        tasks.sweep()
        assert question(action).tier.level == level
    Approval.objects.update(deadline=Now() - timedelta(seconds=1), at_zero="hand_up")
    tasks.sweep()
    action.refresh_from_db()
    assert action.state == "EXPIRED"


def test_sweep_finds_a_task_that_a_dead_worker_held() -> None:
    task = taken(a_task())
    Task.objects.filter(pk=task.pk).update(leased_until=Now() - timedelta(seconds=1))
    assert leases.take(task.pk, "other") is None
    tasks.sweep()
    assert list(tasks.runnable()) == [task.pk]


def test_a_hold_keeps_what_is_approved_until_it_is_over(mara: User) -> None:
    action = notice()
    tier = question(action).tier
    tier.hold_seconds = 60
    tier.save()
    approve(action, mara)
    assert not perform(action)
    assert Task.objects.get(pk=action.task_id).runnable_at is not None
    Action.objects.filter(pk=action.pk).update(hold_until=Now() - timedelta(seconds=1))
    assert perform(action)


def test_stored_bytes_are_what_is_run(mara: User) -> None:
    action = notice()
    approve(action, mara)
    perform(action)
    version = ActionVersion.objects.get(action=action)
    assert version.digest == action.digest
    assert Effect.objects.get().detail["text"] == NOTICE["text"]
