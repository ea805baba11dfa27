"""Rules become sentences: a condition in place of a pattern for the tool's name. What they say stays the same."""

import json
import re
from typing import Any

from django.db import migrations, models


def condition(pattern: str) -> str:
    if pattern == "*":
        return "true"
    if re.fullmatch(r"[^*?\[]+", pattern):
        return f"tool == {json.dumps(pattern)}"
    if re.fullmatch(r"[^*?\[]+\*", pattern):
        return f"tool.startsWith({json.dumps(pattern[:-1])})"
    wild = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern)
    return f"tool.matches({json.dumps(f'^{wild}$')})"


def rewrite(apps: Any, schema_editor: Any) -> None:
    for policy in apps.get_model("approvals", "Policy").objects.all():
        policy.rules = [
            {"name": rule["name"], "when": rule.get("when") or condition(rule["tool"]),
             **{key: value for key, value in rule.items() if key not in ("name", "when", "tool")}}
            for rule in policy.rules
        ]
        policy.save(update_fields=["rules"])


class Migration(migrations.Migration):
    dependencies = [("approvals", "0003_card_opening")]
    operations = [
        migrations.AddField("verdict", "deadline_minutes", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField(
            "verdict",
            "at_zero",
            models.CharField(
                blank=True, choices=[("expire", "then expires"), ("hand_up", "then goes up one tier")], default="", max_length=20
            ),
        ),
        migrations.AddField("verdict", "hold_seconds", models.PositiveIntegerField(default=0)),
        migrations.RunPython(rewrite, migrations.RunPython.noop),
    ]
