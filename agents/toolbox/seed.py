"""Fills the sandbox, the same way every time."""

from django.db import transaction

from agents.toolbox.models import Account, Customer, Invoice
from agents.toolbox.world import folder

# Contracts ending in May: 2,451 people, 38 of whom already got two mails this week.
SEGMENTS = {
    "contracts-ending-may": 2_451,
    "trial-users": 640,
    "newsletter": 2_309,
    "inactive-a-year": 512,
    "key-accounts": 24,
}
FIRST = ("Anna", "Tarik", "Lena", "Jonas", "Mira", "Olu", "Sofia", "Piet", "Yuki", "Amal", "Noor", "Elif", "Marco")
LAST = ("Berg", "Vik", "Kovač", "Ibsen", "Okafor", "Silva", "Jansen", "Tanaka", "Haddad", "Demir", "Rossi")
CITIES = ("Hamburg", "Oslo", "Zagreb", "Lyon", "Utrecht", "Porto", "Graz")
TEAMS = {
    "platform": ["ada", "bo", "cem", "dina", "emil", "fatou", "greta", "hana", "ivo", "juno", "kofi", "lia"],
    "sales": ["mei", "nils", "ola", "pia"],
}
ACCOUNTS = {"operating": ("Operating account", 18_425_000), "refunds": ("Refund account", 742_500)}
SUPPLIERS = (
    ("Nordlicht GmbH", 124_000), ("Fjordline AS", 38_050), ("Kontor 19", 5_400), ("Baltic Cloud", 1_950_000),
    ("Printhaus", 9_900), ("Atelier Rossi", 240_000),
)  # fmt: skip
FIRST_INVOICE, OPEN_INVOICES = 2_041, 60
FILES = {
    "reports/q3-summary.md": "# Third quarter\n\nRevenue grew by 4 %.\n",
    "reports/q2-summary.md": "# Second quarter\n\nRevenue was flat.\n",
    "tmp/export-2023-01.csv": "id,name\n1,Anna\n",
    "tmp/export-2023-02.csv": "id,name\n2,Tarik\n",
    "exports/2024-q1.csv": "segment;size\nnewsletter;2100\n",
    "exports/2024-q2.csv": "segment;size\nnewsletter;2200\n",
    "tmp/cache.bin": "0" * 2_000,
    "drafts/press-release.md": "We are happy to announce …\n",
    "logs/build-17.log": "ok\n" * 50,
    "logs/build-18.log": "failed\n" * 50,
}


@transaction.atomic
def seed() -> None:
    """Customers, accounts, invoices and files. What is there stays; what the demo has used up comes back."""
    _money()
    if not Customer.objects.exists():
        Customer.objects.bulk_create(customers(), batch_size=1_000)
    for name, content in FILES.items():
        path = folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(content, encoding="utf-8")


def _money() -> None:
    """Accounts that were drawn low are filled again, and there are always invoices to pay."""
    for slug, (name, balance) in ACCOUNTS.items():
        Account.objects.get_or_create(slug=slug, defaults={"name": name, "balance_minor": balance})
        Account.objects.filter(slug=slug, balance_minor__lt=balance // 4).update(balance_minor=balance)
    known, still_open = Invoice.objects.count(), Invoice.objects.filter(settled=False).count()
    Invoice.objects.bulk_create(_invoice(place) for place in range(known, known + OPEN_INVOICES - still_open))


def _invoice(place: int) -> Invoice:
    party, amount = SUPPLIERS[place % len(SUPPLIERS)]
    # The first of each supplier is the plain amount; later ones differ from month to month.
    more = (place // len(SUPPLIERS)) * 37 % 11 * amount // 100
    return Invoice(number=f"INV-{FIRST_INVOICE + place}", party=party, amount_minor=amount + more)


def customers() -> list[Customer]:
    rows, number = [], 0
    for segment, size in SEGMENTS.items():
        for place in range(size):
            number += 1
            first, last = FIRST[number % len(FIRST)], LAST[number // 7 % len(LAST)]
            rows.append(
                Customer(
                    name=f"{first} {last}",
                    email=f"{first.lower()}.{number}@customers.example",
                    segment=segment,
                    consents=not (segment == "inactive-a-year" and place % 9 == 0),
                    mails_this_week=2 if segment == "contracts-ending-may" and place < 38 else place % 2,
                    city=CITIES[number % len(CITIES)],
                    plan=("basic", "team", "business")[number % 3],
                )
            )
    return rows
