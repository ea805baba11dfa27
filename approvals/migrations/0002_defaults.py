"""The roles, tiers and first policy that an installation begins with; admins change them from there."""

from typing import Any

from django.db import migrations

ROLES = {  # slug: (name, decides, seats of other roles it may fill)
    "junior": ("Junior reviewer", True, ()),
    "senior": ("Senior reviewer", True, ("junior",)),
    "security": ("Security reviewer", True, ("junior",)),
    "admin": ("Admin", False, ()),
}
TIERS = {  # level: (weight, minutes, requester counts, proof again, voices stay fresh for minutes, seats)
    "low": (1, 60, True, False, 24 * 60, ("junior",)),
    "medium": (2, 60, True, False, 24 * 60, ("junior",)),
    "high": (3, 30, False, False, 24 * 60, ("senior",)),
    "critical": (4, 30, False, True, 60, ("senior", "security")),
}
RULES = [
    {"name": "Releases and restarts of production need a senior and security", "tool": "deploy.*", "floor": "critical"},
]


def fill(apps: Any, schema_editor: Any) -> None:
    role, tier, need = (apps.get_model("approvals", name) for name in ("Role", "Tier", "TierRequirement"))
    made = {slug: role.objects.create(slug=slug, name=name, decides=decides) for slug, (name, decides, _) in ROLES.items()}
    for slug, (_name, _decides, others) in ROLES.items():
        made[slug].fills.set([made[other] for other in others])
    for level, (weight, minutes, requester, proof, fresh, seats) in TIERS.items():
        row = tier.objects.create(
            level=level, weight=weight, deadline_minutes=minutes, requester_counts=requester, reauthenticate=proof,
            fresh_minutes=fresh,
        )  # fmt: skip
        for slug in seats:
            need.objects.create(tier=row, role=made[slug])
    apps.get_model("approvals", "Policy").objects.create(version=1, active=True, rules=RULES, note="The first policy.")


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
