"""What a strict content policy and other languages ask of every template."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TRANSLATED = re.compile(
    r"{% (blocktranslate|verbatim)\b.*?{% end\1 %}|{% block body_class %}.*?{% endblock %}",
    re.S,
)
LIVE_TEXT = re.compile(r"{[%#{].*?[%#}]}|<[^>]*>|&\w+;", re.S)
NAMES = {"HITL", "Dashboard", "HITL Dashboard", "Ctrl", "Enter", "Esc", "J", "K", "A", "X", "E", "R", "P"}


def source(path: Path) -> str:
    return re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_no_inline_style_handler_or_script(path):
    text = source(path)
    assert not re.search(r"<[^>]*\sstyle\s*=", text)
    assert not re.search(r"<[^>]*\son\w+\s*=", text)
    assert not re.search(r"\shx-on[:\w-]*\s*=|\shx-vals\s*=\s*['\"]js:", text)
    assert "<style" not in text
    assert all("nonce=" in tag and "src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_trusts_no_text(path):
    assert not re.search(r"\|\s*safe\b|autoescape\s+off|\|\s*safeseq\b", source(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_word_on_screen_can_be_translated(path):
    text = TRANSLATED.sub("", source(path))
    left = (words.strip(" \n–·,.:;|/#%()→…—-") for words in LIVE_TEXT.sub("\n", text).split("\n"))
    assert [words for words in left if re.search(r"[A-Za-z]{2}", words) and words not in NAMES] == []
