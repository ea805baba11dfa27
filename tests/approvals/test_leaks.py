import pytest

from approvals.leaks import fields, secrets


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("See you on Monday at 10:30", []),
        ("Order 4532015112830367 of 2024", []),
        ("My card is 4532 0151 1283 0366", ["card number"]),
        ("Pay to GB82 WEST 1234 5698 7654 32", ["bank account"]),
        ("password: hunter22", ["password"]),
        ("Your verification code for the shop is: 463820", ["access code"]),
        ("use sk-live-abcdefghijklmnop1234", ["access key"]),
        ("Passport Number: HGK137803", ["identity document"]),
        ("Patient was diagnosed with a rare disorder", ["health record"]),
    ],
)
def test_secrets_are_told_by_kind(body: str, kinds: list[str]) -> None:
    assert secrets({"to": "a@b.de", "body": body}) == kinds


def test_two_words_of_a_field_make_it_one() -> None:
    assert fields("chart.update", "Update the dosage of a patient", "", {}) == ["medical"]
    assert fields("note.add", "Add a note", "Call the hospital", {}) == []
