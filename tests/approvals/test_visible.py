"""What a reviewer sees of hostile text: nothing hidden, nothing pushed away, nothing that becomes markup."""

import json
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from django.template import Context, Template
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import payloads
from approvals.templatetags.visible import tree, visible, visible_text
from approvals.visible import escaped, folded, is_plain, show
from approvals.visible import visible as segments
from tests import corpus

OURS = {
    "bdi": {"class"}, "span": {"class", "dir", "title"}, "dl": {"class"}, "dt": set(), "dd": set(),
    "ol": {"class", "start"}, "li": set(), "details": {"class", "data-must-open", "data-read", "open"}, "summary": set(),
}  # fmt: skip
HIDDEN = "\u202e\u200b\u00ad\u2060\ufe0f\u3164\u2800\u00a0\u2028\x1b\r\t\u200d\ufffc\ue000\U000e0041\u061c\u180e"
TRICKY = st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from(HIDDEN + "<>&\"' \n\u0301аo.")))


class Page(HTMLParser):
    """What a browser would make of it: the text, and every element with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.elements = "", []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def is_ours(self) -> bool:
        return all(tag in OURS and set(attrs) <= OURS[tag] for tag, attrs in self.elements)


@pytest.mark.parametrize("entry", [e for e in corpus.ENTRIES if e["expect"] == "stored"], ids=corpus.name)
def test_the_corpus_is_legible_and_inert(entry: dict[str, Any]) -> None:
    value = payloads.parse(corpus.body(entry))
    page = Page(tree(value, []))
    assert page.is_ours()
    tokens = [
        piece for piece in entry.get("tokens", []) if not (f"[{piece}]" in page.text or f"⟨{piece}⟩" in page.text)
    ]
    assert not tokens, page.text[:300]
    assert [piece for piece in entry.get("shown", []) if piece not in page.text] == []
    assert list(folded(value).values()) == entry.get("folded", [])
    assert list(folded(value)) == [attrs["data-must-open"] for tag, attrs in page.elements if tag == "details"]
    if entry.get("badges") == 0:
        assert "confusable" not in tree(value)


@settings(max_examples=300, deadline=None)
@given(TRICKY, st.none() | st.integers(0, 40))
def test_text_never_becomes_markup_and_never_vanishes(text: str, limit: int | None) -> None:
    page = Page(visible(text, limit))
    assert page.is_ours()
    assert not [c for c in page.text if c in HIDDEN]
    shown = show(text, limit)
    assert sum(segment.size for segment in shown.segments) + shown.left_out == len(text)
    if limit is None:
        assert shown.left_out == 0
        plain = "".join(segment.text for segment in shown.segments if segment.kind == "text")
        assert plain == "".join(text_of(text))


def text_of(text: str) -> list[str]:
    """The source without what stands in tokens."""
    found, at = [], 0
    for segment in segments(text):
        found += [text[at : at + segment.size]] if segment.kind == "text" else []
        at += segment.size
    return found


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        TRICKY | st.integers() | st.floats() | st.none() | st.booleans(),
        lambda inner: st.lists(inner) | st.dictionaries(TRICKY, inner),
    )
)
def test_a_tree_of_anything_is_ours(value: Any) -> None:
    assert Page(tree(value)).is_ours()


def test_only_what_is_asked_has_to_be_opened_and_what_was_opened_stays_open() -> None:
    value = {"a": "x" * 700, "b": "y" * 700}
    first, second = folded(value)
    assert [attrs for tag, attrs in Page(tree(value)).elements if tag == "details"] == [{"class": "part"}] * 2
    assert [attrs for tag, attrs in Page(tree(value, {first})).elements if tag == "details"] == [
        {"class": "part", "data-must-open": first, "data-read": None, "open": None},
        {"class": "part", "data-must-open": second},
    ]


@pytest.mark.parametrize("text", [
    "", "plain", "two\nlines", "a\n\n\n\nb", "        eight", "Łódź, Kılıç, Straße, 300 €, “quoted” – m²",
    "日本語です。テスト", "Иван купил сахар, ухо и нос.", "한국어 漢字", "IT-компания",
    "हिन्दी क्षेत्र", "ภาษาไทย ผู้ใหญ่", "မြန်မာ ကျွန်ုပ်", "שלום עולם", "مرحبا",
])  # fmt: skip
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert is_plain(text)
    assert visible(text) == f'<bdi class="value">{text}</bdi>'


@pytest.mark.parametrize(("text", "shown"), [
    ("a\n\n\n\n\nb", "a\n⟨4 blank lines⟩\nb"), ("a         b", "a⟨9 spaces⟩b"),
    ("a\t\t\t\t\t\t\t\t\tb", "a⟨9 blank characters⟩b"),
    ("a\r\nb", "a[U+000D CR]\nb"), ("a\u200b\u200b\u200b\u200bb", "a[4 × U+200B ZWSP]b"), ("\u0301x", "[U+0301]x"),
    ("аррӏе.com", "аррӏе[xn--80ak6aa92e].com"), ("Сосо Inc", "Сосо[xn--n1aahb] Inc"),
    ("оса.рф Иван", "оса[xn--80a1aj].рф Иван"),
    ("𝐩𝐚𝐲", "𝐩𝐚𝐲[= pay]"), ("a／b", "a[U+FF0F]b"), ("\ue000\u0378", "[U+E000][U+0378]"),
    ("x" + "аo" * 40, "x" + "аo" * 40 + "[mixed letters]"),
])  # fmt: skip
def test_what_hides_or_pretends_is_named(text: str, shown: str) -> None:
    assert visible_text(text) == shown
    assert not is_plain(text)


def test_a_token_explains_itself() -> None:
    assert visible("a\u202eb") == (
        '<bdi class="value">a<span class="token" dir="ltr" title="RIGHT-TO-LEFT OVERRIDE">[U+202E RLO]</span>b</bdi>'
    )


@pytest.mark.parametrize(("value", "limit", "html"), [
    ("abcdef", 3, 'abc<span class="token cut">… 3 more characters</span>'), ("abc", 3, "abc"),
    (None, None, ""), (12, None, "12"),
    ("ab\u202ecd", 3, 'ab<span class="token cut">… 3 more characters</span>'), ("<b>", None, "&lt;b&gt;"),
])  # fmt: skip
def test_what_is_cut_off_is_said(value: Any, limit: int | None, html: str) -> None:
    assert visible(value, limit) == f'<bdi class="value">{html}</bdi>'


def test_what_stands_behind_a_wall_of_spaces_is_inside_the_limit() -> None:
    assert "rm -rf /" in visible("ls" + " " * 3_000 + "&& rm -rf /", 60)


def test_a_template_may_put_the_plain_form_into_an_attribute() -> None:
    template = Template('{% load visible %}<a title="{{ text|visible_text:30 }}">{{ text|visible }}</a>')
    page = Page(template.render(Context({"text": '" onfocus="\u202e' + "x" * 50})))
    assert page.elements[0] == ("a", {"title": '" onfocus="[U+202E RLO]xxxxxxx …'})


def test_a_number_is_shown_as_it_is_stored() -> None:
    value = payloads.parse("[1.0, 1e-7, 0.000001, 1e15, true, null, -0]")
    text = Page(tree(value)).text
    assert text == "11e-70.0000011000000000000000truenull0"


def test_json_to_edit_shows_its_hidden_characters_and_means_the_same() -> None:
    value = {"a\u202e": "b\u200b\U000e0041 ü سلام\n"}
    text = escaped(json.dumps(value, ensure_ascii=False))
    assert text == '{"a\\u202e": "b\\u200b\\udb40\\udc41 ü سلام\\n"}'
    assert json.loads(text) == value


@pytest.mark.parametrize("text", [
    "a\u200b" * 30_000, "а " * 30_000, "аа." * 20_000, "\n \n \n x" * 8_000, "\u0301" * 30_000, "é" + " " * 65_000,
    "а" * 60_000, "\u0301" * 5 + "a" * 60_000, "a" * 60_000 + "é",
])  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    began = time.thread_time()
    visible(text)
    assert time.thread_time() - began < 3
