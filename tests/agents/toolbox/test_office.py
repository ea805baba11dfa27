"""What single tools of the office do to it."""

import time
from pathlib import Path

import pytest

from agents import tools
from agents.toolbox import world
from agents.toolbox.models import Account, Customer, Effect, Invoice
from agents.toolbox.seed import TEAMS, seed
from agents.tools import OutcomeUnknown, Preview, ToolFailed, find
from tests.agents.toolbox.conftest import Caller, arguments


def preview(tool: str, **changes: object) -> Preview:
    found = find(tool)
    assert found is not None
    return found.preview(arguments(tool, **changes))


def failed(shown: Preview) -> list[str]:
    return [check.text for check in shown.checks if not check.ok]


def test_the_office_is_filled_once_and_quickly(office: Path) -> None:
    names = list(Customer.objects.order_by("pk").values_list("email", flat=True))
    began = time.perf_counter()
    seed()
    assert list(Customer.objects.order_by("pk").values_list("email", flat=True)) == names
    assert time.perf_counter() - began < 2
    assert Customer.objects.filter(segment="contracts-ending-may").count() == 2_451
    assert len(TEAMS["platform"]) == 12


def test_what_the_demo_used_up_comes_back(office: Path) -> None:
    Invoice.objects.update(settled=True)
    Account.objects.filter(slug="refunds").update(balance_minor=10)
    seed()
    assert Invoice.objects.filter(settled=False).count() == 60
    assert Account.objects.get(slug="refunds").balance_minor == 742_500


def test_the_campaign_says_whom_it_reaches_and_who_got_too_much(office: Path) -> None:
    shown = preview("email.send_campaign")
    assert str(shown.title) == "Email “Renew” to 2,451 recipients"
    assert shown.effect == "2,451 emails leave from sales@acme.example."
    assert shown.verb == "send to 2,451"
    assert failed(shown) == ["38 recipients already got two emails this week"]
    assert len(failed(preview("email.send_campaign", body="Buy."))) == 2
    assert "Everyone on the list agreed to marketing email" in failed(
        preview("email.send_campaign", segment="inactive-a-year")
    )


def test_a_stranger_and_a_customer_who_said_no_stand_out(office: Path) -> None:
    assert failed(preview("email.send")) == []
    assert failed(preview("email.send", to="ceo@acme.example")) == []
    assert failed(preview("email.send", to="x@evil.example")) == ["The recipient is in no address book of yours"]
    refused = Customer.objects.filter(consents=False)[0]
    assert failed(preview("email.send", to=refused.email)) == ["The recipient is a customer and agreed to mail"]


def test_a_refund_moves_the_balance_once(call: Caller) -> None:
    assert str(preview("payments.refund").title) == "Refund €1,240.00 to Nordlicht GmbH"
    call("payments.refund")
    call("payments.refund")
    assert Account.objects.get(slug="refunds").balance_minor == 742_500 - 124_000


def test_more_than_there_is_fails_and_leaves_no_trace(call: Caller) -> None:
    assert failed(preview("payments.refund", amount_minor=742_501)) == ["The account covers it"]
    with pytest.raises(ToolFailed):
        call("payments.refund", amount_minor=742_501)
    assert not Effect.objects.exists()
    assert Account.objects.get(slug="refunds").balance_minor == 742_500


def test_an_invoice_is_paid_once_by_whomever(call: Caller) -> None:
    call("payments.pay_invoice", action_id=1)
    assert failed(preview("payments.pay_invoice")) == ["The invoice is open"]
    with pytest.raises(ToolFailed):
        call("payments.pay_invoice", action_id=2)
    assert Effect.objects.count() == 1


def test_an_invoice_that_the_account_does_not_cover_stays_open(call: Caller) -> None:
    Account.objects.filter(slug="operating").update(balance_minor=1)
    with pytest.raises(ToolFailed):
        call("payments.pay_invoice")
    assert not Invoice.objects.get(number="INV-2041").settled
    assert Account.objects.get(slug="operating").balance_minor == 1


def test_a_wire_leaves_and_then_the_line_drops(call: Caller) -> None:
    with pytest.raises(OutcomeUnknown):
        call("payments.wire")
    assert Effect.objects.get().summary == "Wired €49.00 to Baltic Cloud"
    assert Account.objects.get(slug="operating").balance_minor == 18_425_000 - 4_900


@pytest.mark.parametrize(
    ("tool", "changes"),
    [
        ("crm.update", {"email": "nobody@nowhere.example"}),
        ("deploy.restart_pool", {"pool": "us-1"}),
        ("site.publish", {"body": "Lorem ipsum dolor"}),
        ("flights.book", {"flight": "ZZ1"}),
        ("files.read", {"path": "nothing.md"}),
        ("files.write", {"path": "reports", "text": "x"}),
        ("files.write", {"path": "reports/q3-summary.md/x", "text": "x"}),
        ("payments.pay_invoice", {"number": "INV-9999"}),
    ],
)
def test_a_failure_says_that_nothing_happened(call: Caller, tool: str, changes: dict[str, str]) -> None:
    with pytest.raises(ToolFailed):
        call(tool, **changes)
    assert not Effect.objects.exists()


OUTSIDE = ["../secret", "/etc/passwd", "reports/../../secret", "link/secret", "loop", "x" * 300, "é" * 200, "a\x00b"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_out_of_the_workspace(call: Caller, office: Path, path: str) -> None:
    (office.parent / "secret").write_text("secret")
    (office / "link").symlink_to(office.parent)
    (office / "loop").symlink_to(office / "loop")
    for tool, changes in (
        ("files.read", {"path": path}),
        ("files.write", {"path": path, "text": "gone"}),
        ("files.delete", {"paths": [path]}),
        ("files.archive", {"paths": [path]}),
    ):
        with pytest.raises(ToolFailed):
            call(tool, **changes)
    with pytest.raises(ToolFailed):
        call("files.list", folder=path)
    assert (office.parent / "secret").read_text() == "secret"
    assert not Effect.objects.exists()


def test_a_link_is_neither_listed_nor_followed(call: Caller, office: Path) -> None:
    (office.parent / "secret").write_text("secret")
    (office / "alias").symlink_to(office.parent / "secret")
    (office / "door").symlink_to(office.parent)
    assert not [name for name in call("files.list")["files"] if "secret" in name or name == "alias"]


def test_a_long_file_says_how_much_of_it_was_left_out(call: Caller, office: Path) -> None:
    (office / "long.md").write_text("x" * 16_234)
    found = call("files.read", path="long.md")
    assert (len(found["text"]), found["left_out"]) == (15_000, "1,234 more characters")
    (office / "long.md").write_text("x" * 15_000)
    assert "left_out" not in call("files.read", path="long.md")


def test_a_written_file_keeps_what_was_there(call: Caller, office: Path) -> None:
    before = (office / "reports/q3-summary.md").read_text()
    call("files.write", path="reports/q3-summary.md", text="new")
    assert (office / "reports/q3-summary.md").read_text() == "new"
    assert (office / "reports/q3-summary.md.before").read_text() == before
    assert not list(office.rglob("*.new"))


def test_deleted_is_gone_and_archived_is_moved(call: Caller, office: Path) -> None:
    call("files.delete", action_id=1)
    call("files.archive", action_id=2)
    assert sorted(path.name for path in (office / "tmp").iterdir()) == []
    assert (office / "archive/2/tmp/cache.bin").is_file()


def test_archiving_two_files_of_one_name_loses_neither(call: Caller, office: Path) -> None:
    call("files.archive", action_id=1)
    (office / "tmp/cache.bin").write_text("another")
    call("files.archive", action_id=2)
    assert len(list((office / "archive").rglob("cache.bin"))) == 2


def test_the_clean_up_names_a_file_that_is_not_there(office: Path) -> None:
    shown = preview("files.delete", paths=["tmp/cache.bin", "tmp/none"])
    assert failed(shown) == ["Every file is there"] and str(shown.title) == "Delete 2 files"


def test_one_file_is_not_one_files(office: Path) -> None:
    shown = preview("files.archive")
    assert (str(shown.title), shown.effect) == ("Archive 1 file", "1 file moves to the archive.")


def test_an_entry_in_the_calendar_is_found_again(call: Caller) -> None:
    call("calendar.create")
    assert call("calendar.list")["entries"] == ["Review on 2027-01-12"]


def test_an_analysis_reports_its_progress_in_percent(call: Caller) -> None:
    assert call("data.analyse")["groups"]["contracts-ending-may"] == 2_451
    assert [percent for percent, _note in call.progress] == list(range(4, 101, 4))


def test_the_best_page_is_found_first(call: Caller) -> None:
    assert call("web.search")["results"][0]["title"] == "Safer releases"


def test_slow_tools_take_their_time_unless_told_otherwise(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(world.time, "sleep", slept.append)
    monkeypatch.setattr(world, "PACE", 1)
    call("data.analyse")
    assert sum(slept) == pytest.approx(12)


def test_words_cannot_leave_their_quotation_marks() -> None:
    assert world.quoted("a” to everybody\n\n“b") == '“a" to everybody "b”'
    assert len(world.quoted("x" * 500)) == 82


def test_no_tool_is_named_like_a_recorded_one() -> None:
    assert not [tool.name for tool in tools.built_in() if "/" in tool.name]
