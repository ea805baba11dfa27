"""The modules form one reading order: each may import only what stands above it."""

import ast
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
ORDER = [
    *(f"agents.{name}" for name in (
        "guards", "transactions", "prepared", "pages", "validators", "clock", "amounts", "said", "models", "schemas", "strict", "payloads", "facts", "reasons", "labels", "ledger", "trust", "states", "stops",
        "tools", "toolbox", "questions", "proposals", "edits", "plans.steps", "plans.phrases", "plans.drafting", "plans.dialogs", "plans.recorded", "plans", "lessons", "leases", "gate", "execution", "runner", "replays",
    )),
    *(f"approvals.{name}" for name in (
        "keys", "models", "readers", "lookalikes", "visible", "diffs", "openings", "drafts", "verbs", "commands", "effects", "sightings", "instructions", "provenance",
        "leaks", "consent", "conflicts", "impacts", "wording", "risk", "vocabulary", "tokens", "expressions", "conditions", "rules", "policy", "autonomy", "thresholds", "tiers",
        "precedents", "evidence", "judgement", "gate", "holds", "feedback",
        "documents", "trials", "company", "tasks", "decisions", "batches", "extensions", "controls", "amendments", "grants", "charters", "changes", "people", "demo", "queries", "stages", "search", "earned", "histories", "rosters", "addresses", "saved_filters", "requests",
        "proofs", "context", "live", "cards", "petitions", "hearings", "consumers", "fields", "inputs", "nests",
        "trees", "forms", "picks", "sentences", "threshold_forms", "merges", "rule_forms", "charter_forms", "welcome_form", "settings_forms", "views", "urls",
    )),
    "hitl_dashboard",
]  # fmt: skip
# Django finds these by name, and they look at every module of their app.
BESIDE = ("apps", "migrations", "management", "templatetags")


def place(module: str) -> int | None:
    """How far down the list a module stands; None for what is none of ours."""
    known = [index for index, name in enumerate(ORDER) if module == name or module.startswith(f"{name}.")]
    return max(known, key=lambda index: len(ORDER[index]), default=None)


def sources() -> list[str]:
    found = (
        path.relative_to(HOME).with_suffix("") for app in ("agents", "approvals") for path in (HOME / app).rglob("*.py")
    )
    names = {".".join(path.parts).removesuffix(".__init__") for path in found}
    return sorted(name for name in names if not any(part in BESIDE for part in name.split(".")) and "." in name)


def imported(module: str) -> set[str]:
    path = HOME / module.replace(".", "/")
    text = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("agents", "approvals", "hitl_dashboard")}


@pytest.mark.parametrize("module", sources())
def test_each_module_imports_only_what_comes_before_it(module: str) -> None:
    own = place(module)
    assert own is not None, f"{module} has no place in the reading order yet"
    late = {name for name in imported(module) if (there := place(name)) is None or there > own}
    assert not late, f"{module} imports {sorted(late)}"
