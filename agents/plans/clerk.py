"""Invoices and refunds."""

from random import Random
from typing import Any

from agents.plans.steps import Plan, Step, became
from agents.toolbox.models import Invoice
from agents.toolbox.payments import INVOICE
from agents.toolbox.world import schema, text

PARTIES = (("Nordlicht GmbH", 124_000), ("Kontor 19", 5_400), ("Fjordline AS", 38_050), ("Atelier Rossi", 9_900))


def told(to: str, invoice: str) -> dict[str, Any]:
    return {"to": "books@acme.example", "subject": f"Refund {to}", "body": f"{to} is refunded; {invoice} is next."}


def steps(parameters: dict[str, Any]) -> list[Step]:
    to, amount, invoice = parameters["to"], parameters["amount_minor"], parameters["invoice"]
    return [
        Step("balance", "payments.balance", {"account": "refunds"}, why="I check that the account covers it."),
        Step(
            "refund", "payments.refund",
            {"to": to, "amount_minor": amount, "currency": "EUR", "reference": f"double charge {to}"},
            why="The customer reports a double charge. The bank feed shows two captures four seconds apart.",
            who=to, what="One refund of the second capture", confidence=0.71 if amount > 100_000 else 0.94,
            depends_on=("balance",),
        ),
        Step(
            "invoice", "payments.pay_invoice", {"number": invoice},
            why="The invoice is due this week and matches the order.", what=f"Pays {invoice}", confidence=None,
        ),
        Step(
            "wire", "payments.wire",
            {"to": "Baltic Cloud", "amount_minor": 4_900, "currency": "EUR", "reference": "monthly hosting"},
            why="The hosting bill is paid by wire.", who="Baltic Cloud", confidence=0.88, depends_on=("invoice",),
        ),
        Step(
            "tell", "email.send",
            lambda results: told(became(results["refund"], "$.to", to), invoice),
            why="Bookkeeping keeps a trace of both.", who="books@acme.example", confidence=0.9, depends_on=("refund",),
        ),
    ]  # fmt: skip


def example(rng: Random) -> dict[str, Any]:
    to, amount = rng.choice(PARTIES)
    still_open = Invoice.objects.filter(settled=False).order_by("pk").values_list("number", flat=True)[:20]
    return {"to": to, "amount_minor": amount, "invoice": rng.choice(list(still_open) or ["INV-2043"])}


PLAN = Plan(
    slug="clerk",
    name="Refund agent",
    description="Refunds double charges and pays invoices that are due.",
    version="1",
    mode="queue",
    parameters=schema(
        to=text("Customer", default="Nordlicht GmbH"),
        amount_minor={
            "type": "integer", "title": "Amount", "description": "In cents", "minimum": 1, "maximum": 1_000_000,
            "default": 124_000,
        },
        invoice={**INVOICE, "default": "INV-2043"},
    ),
    goal=lambda p: f"Refund {p['to']} and pay {p['invoice']}",
    steps=steps,
    example=example,
    weight=3,
)  # fmt: skip
