"""Money of the company's two accounts."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from agents.amounts import money
from agents.said import Said, said
from agents.said import amount as money_of
from agents.toolbox.models import Account, Invoice
from agents.toolbox.world import MONEY, happened, honour, schema, text, work
from agents.tools import Call, Check, Effect, Impact, OutcomeUnknown, Preview, Repeatability, Tool, ToolFailed


def _take(account: str, amount: int) -> None:
    rows = Account.objects.filter(slug=account, balance_minor__gte=amount)
    if not rows.update(balance_minor=F("balance_minor") - amount):
        raise ToolFailed("the account does not cover it")


def refund(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    amount, currency = arguments["amount_minor"], arguments["currency"]
    work(call, 1)

    def pay() -> tuple[str, dict[str, Any]]:
        _take("refunds", amount)
        return f"Refunded {money(amount, currency)} to {arguments['to']}", {"account": "refunds", **arguments}

    return honour(call, "payments.refund", pay)


def pay_invoice(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 1)
    with transaction.atomic():
        # The invoice first: two payments of it at a time find it open once.
        if not Invoice.objects.filter(number=arguments["number"], settled=False).update(settled=True):
            raise ToolFailed(f"invoice {arguments['number']} is not open")
        invoice = Invoice.objects.get(number=arguments["number"])
        _take("operating", invoice.amount_minor)
        summary = f"Paid {invoice.number} to {invoice.party}, {money(invoice.amount_minor, invoice.currency)}"
        return happened(
            call, "payments.pay_invoice", summary, account="operating", to=invoice.party,
            amount_minor=invoice.amount_minor, currency=invoice.currency, **arguments,
        )  # fmt: skip


def wire(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    """The bank takes the order, and then the line drops: whether it acted is not known here."""
    amount, currency = arguments["amount_minor"], arguments["currency"]
    work(call, 1)
    with transaction.atomic():
        _take("operating", amount)
        summary = f"Wired {money(amount, currency)} to {arguments['to']}"
        happened(call, "payments.wire", summary, account="operating", **arguments)
    raise OutcomeUnknown("the bank closed the connection before it confirmed")


def balance(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 0.3)
    account = Account.objects.get(slug=arguments["account"])
    return {"account": account.slug, "balance": money(account.balance_minor, account.currency)}


def _payment(title: Said, party: str, slug: str, amount: int, currency: str, verb: str, *checks: Check) -> Preview:
    account = Account.objects.filter(slug=slug).first()
    before = account.balance_minor if account else 0
    return Preview(
        "payment",
        title=title,
        effect=_("%(amount)s leaves the account “%(account)s”.") % {"amount": money(amount, currency), "account": slug},
        undo=_("A payment cannot be called back; a person would have to ask for it."),
        facts=(
            (_("To"), party), (_("Amount"), money(amount, currency)),
            (_("Balance before"), money(before, currency)), (_("Balance after"), money(before - amount, currency)),
        ),
        checks=(*checks, Check(before >= amount, _("The account covers it"), money(before, currency))),
        target=party,
        verb=verb,
    )  # fmt: skip


def preview_refund(arguments: dict[str, Any]) -> Preview:
    amount, currency, to = arguments["amount_minor"], arguments["currency"], arguments["to"]
    title = said("Refund %(amount)s to %(to)s", amount=money_of(amount, currency), to=to)
    verb = _("refund %(amount)s") % {"amount": money(amount, currency)}
    return _payment(title, to, "refunds", amount, currency, verb)


def preview_wire(arguments: dict[str, Any]) -> Preview:
    amount, currency, to = arguments["amount_minor"], arguments["currency"], arguments["to"]
    title = said("Wire %(amount)s to %(to)s", amount=money_of(amount, currency), to=to)
    verb = _("wire %(amount)s") % {"amount": money(amount, currency)}
    return _payment(title, to, "operating", amount, currency, verb)


def preview_invoice(arguments: dict[str, Any]) -> Preview:
    found = Invoice.objects.filter(number=arguments["number"]).first()
    amount, currency = (found.amount_minor, found.currency) if found else (0, "EUR")
    party = found.party if found else arguments["number"]
    is_open = bool(found and not found.settled)
    owed = money_of(amount, currency)
    title = said(
        "Pay invoice %(number)s, %(amount)s to %(party)s", number=arguments["number"], amount=owed, party=party
    )
    check = Check(is_open, _("The invoice is open"), arguments["number"])
    return _payment(
        title, party, "operating", amount, currency, _("pay %(amount)s") % {"amount": money(amount, currency)}, check
    )


def preview_balance(arguments: dict[str, Any]) -> Preview:
    account = arguments["account"]
    title = said("Read the balance of “%(account)s”", account=account)
    return Preview("payment", title, _("Only reads."), target=account, verb=_("read it"))


def _invoice_impact(arguments: dict[str, Any]) -> Impact:
    found = Invoice.objects.filter(number=arguments["number"]).first()
    return Impact(amount_minor=found.amount_minor, currency=found.currency, recipients=1) if found else Impact()


def _impact(arguments: dict[str, Any]) -> Impact:
    return Impact(amount_minor=arguments["amount_minor"], currency=arguments["currency"], recipients=1)


INVOICE = {"type": "string", "title": "Invoice", "pattern": "^INV-[0-9]{4}$", "maxLength": 8}
MOVES_MONEY = Effect(affects_others=True, spends_money=True)
TRANSFER = schema(("to", "amount_minor", "currency"), to=text("To"), reference=text("Reference"), **MONEY)
TOOLS = (
    Tool(
        "payments.refund", "1", "Refund a customer.", TRANSFER, MOVES_MONEY, Repeatability.IDEMPOTENT, refund,
        preview_refund, _impact,
    ),
    Tool(
        "payments.pay_invoice", "1", "Pay an open invoice.",
        schema(number=INVOICE), MOVES_MONEY, Repeatability.ONCE, pay_invoice, preview_invoice, _invoice_impact,
    ),
    Tool(
        "payments.wire", "1", "Wire money through a bank whose line is bad.", TRANSFER, MOVES_MONEY,
        Repeatability.ONCE, wire, preview_wire, _impact,
    ),
    Tool(
        "payments.balance", "1", "Read the balance of an account.",
        schema(account={"type": "string", "title": "Account", "enum": ["operating", "refunds"]}),
        Effect(read_only=True), Repeatability.READ_ONLY, balance, preview_balance,
    ),
)  # fmt: skip
