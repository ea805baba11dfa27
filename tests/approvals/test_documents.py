import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from approvals import documents, rules
from approvals.documents import Unread

GOOD = """\
rules:
  - name: Big mails
    when: recipients > 500 && tool.startsWith("mail.")
    tier: high
    deadline_minutes: 15
  - name: In several lines
    when: |
      outside
      && amount > 100
    outcome: block
"""


def test_a_document_is_read_and_written_the_same() -> None:
    found = documents.read(GOOD).rules
    assert [rule.name for rule in found] == ["Big mails", "In several lines"]
    assert documents.read(documents.write(found)).rules == found


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "begin with"),
        ("- a", 1, "begin with"),
        ("rules: 3", 1, "write a list"),
        ("rule: []", 1, "begin with “rules:”"),
        ("rules:\n - name: a\n   name: b\n", 3, "stands here twice"),
        ("rules:\n - &a {name: x}\n - *a\n", 2, "not taken"),
        ("a: &a [x]\nb: [*a, *a]\n", 1, "not taken"),
        ("rules:\n - name: [\n", 3, "expected"),
        ("rules: !!python/object/apply:os.system ['true']", 1, ""),
        ("rules:\n - !!python/name:os.system x", 2, "could not determine"),
        ("--- {rules: []}\n--- {rules: []}", 2, "document"),
        ("rules:\n - ? [a]\n   : b", 2, "a name is one word"),
        ("rules:\n\n - name: \x07", 3, "does not take"),
        ("[" * 5_000, 1, "too deep"),
        ("x" * 300_000, 1, "256 KB"),
        (GOOD.replace("high", "boss"), 4, "“boss” is none of"),
        (GOOD.replace("15", "-3"), 5, "whole number"),
        (GOOD.replace("recipients", "recipient"), 3, "Nothing is called “recipient”"),
        (GOOD.replace("amount >", "amount > >"), 9, "“>” does not fit here"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(Unread) as unread:
        documents.read(text)
    fault = unread.value.faults[0]
    assert fault.line == line and said in fault.text


def test_the_column_of_a_condition_is_that_of_the_file() -> None:
    with pytest.raises(Unread) as unread:
        documents.read(GOOD.replace("amount >", "amont >"))
    assert (unread.value.faults[0].line, unread.value.faults[0].column) == (9, 10)


def test_check_says_every_fault_and_ends_with_1(tmp_path: Path) -> None:
    file, errors = tmp_path / "rules.yaml", io.StringIO()
    file.write_text(GOOD.replace("high", "boss").replace("block", "burn"))
    with pytest.raises(SystemExit) as end:
        call_command("policy", "check", str(file), stderr=errors)
    assert end.value.code == 1
    assert [line.split(": ")[0] for line in errors.getvalue().splitlines()] == [f"{file}:4:11", f"{file}:10:14"]
    file.write_text(GOOD)
    out = io.StringIO()
    call_command("policy", "check", str(file), stdout=out)
    assert "2 rules" in out.getvalue()


def test_check_says_everything_that_it_finds_also_where_a_name_is_not_known(tmp_path: Path) -> None:
    file, errors = tmp_path / "rules.yaml", io.StringIO()
    file.write_text(f"name: Mine\nowner: Ada\ntrust:\n  limit_percent: 90\n{GOOD.replace('high', 'boss')}")
    with pytest.raises(SystemExit):
        call_command("policy", "check", str(file), stderr=errors)
    assert [line.split(": ")[0] for line in errors.getvalue().splitlines()] == [
        f"{file}:1:7", f"{file}:2:8", f"{file}:4:18", f"{file}:8:11",
    ]  # fmt: skip
    file.write_text("rule: []\n")
    errors = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("policy", "check", str(file), stderr=errors)
    assert "begin with “rules:”" in errors.getvalue() and "only “rules” and “trust”" in errors.getvalue()


def test_what_is_exported_can_be_checked(db: None, tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("policy", "export", stdout=out)
    assert (
        rules.read([rule.data() for rule in documents.read(out.getvalue()).rules])[0].when
        == 'tool.startsWith("deploy.")'
    )
    with pytest.raises(CommandError, match="no version 7"):
        call_command("policy", "export", "--of", "7")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "rules.yaml"
    if content:
        file.write_bytes(content)
    with pytest.raises(CommandError):
        call_command("policy", "check", str(file))
