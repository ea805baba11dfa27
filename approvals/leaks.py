"""What should not leave, and what only some may judge: secrets in arguments, and fields with high stakes. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from approvals import provenance, sightings

_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+"
)
_SAID = {
    "password": re.compile(r"(?i)\b(?:pass(?:word|phrase|code)|pwd|pin(?: code)?)\b\W{0,3}(?:is|:|=)?\W{0,3}\S{4,}"),
    "access code": re.compile(
        r"(?i)\b(?:(?:security|verification|login|access|confirmation|one-time|auth\w*|2fa|otp) (?:code|token|password)|secret|"
        r"api[ _-]?key)\b[^.\n]{0,60}?\b[a-z]*\d[a-z\d]{3,}\b"
    ),
    "identity document": re.compile(r"(?i)\b(?:passport|(?:id|identity) (?:card|document|number|no)|driver'?s? licen[cs]e|ssn|social security)\b[^.\n]{0,24}?\b[a-z]{0,3}-?\d{2,}[\d-]{3,}\b"),
    "bank account": re.compile(r"(?i)\b(?:bank )?account\b[^.\n]{0,24}?\b\d[\d -]{6,}\d\b"),
    "health record": re.compile(r"(?i)\b(?:diagnos(?:is|ed)|prescri(?:bed|ption)|medical record|test results?|patient)\b.{0,80}\b(?:mg|disease|disorder|syndrome|positive|negative|cancer|hiv|diabet\w+|depress\w+)\b"),
}  # fmt: skip

_FIELDS = {
    "medical": """patient diagnosis diagnose prescription dosage dose medication clinical treatment surgery symptom vaccine
        allergy hospital physician triage radiology therapy""",
    "legal": """lawsuit attorney litigation contract clause nda court plaintiff defendant settlement statute subpoena custody
        affidavit deed testament notary""",
    "financial": """loan mortgage securities portfolio stock shares bond dividend payroll tax investment brokerage collateral
        leverage credit-limit underwriting insurance-claim""",
}
_WORDS = {field: frozenset(words.split()) for field, words in _FIELDS.items()}
_LEAST = 2


def secrets(arguments: Mapping[str, Any]) -> list[str]:
    """The kinds of secrets that the arguments hold, never the secrets."""
    text = "\n".join(
        f"{place.rsplit('.', 1)[-1].replace('_', ' ')}: {leaf}" for place, leaf in provenance.leaves(arguments)
    )
    found = [kind for kind, sign in _SAID.items() if sign.search(text)]
    if any(_luhn(re.sub(r"\D", "", one.group())) for one in _CARD.finditer(text)):
        found.append("card number")
    if any(_mod97(one.group().replace(" ", "")) for one in _IBAN.finditer(text)):
        found.append("bank account")
    if _KEY.search(text):
        found.append("access key")
    return sorted(set(found))


def fields(tool: str, description: str, goal: str, arguments: Mapping[str, Any]) -> list[str]:
    """Fields where a mistake costs more than work: medical, legal, financial. Two different words have to say so."""
    told = [
        tool.replace("_", " "),
        description,
        goal[:2_000],
        *(leaf[:500] for _place, leaf in provenance.leaves(arguments)),
    ]
    words = {word.removesuffix("s") for text in told for word in sightings.words(text)}
    return [field for field, known in _WORDS.items() if len({one.removesuffix("s") for one in known} & words) >= _LEAST]


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * 2 if at % 2 else int(digit) for at, digit in enumerate(reversed(digits))]
    return 13 <= len(digits) <= 19 and sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _mod97(iban: str) -> bool:
    if not 15 <= len(iban) <= 34:
        return False
    return int("".join(str(int(one, 36)) for one in iban[4:] + iban[:4])) % 97 == 1
