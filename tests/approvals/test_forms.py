"""The typed form as a browser posts it: untouched values keep their bytes, edits mean what they say."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import payloads, tools
from approvals.fields import ABSENT
from approvals.forms import SchemaForm
from tests import corpus


class Browser(HTMLParser):
    """What a page with a form makes a browser send, its habits with line breaks and clocks included."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.controls: dict[str, str] = {}
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: tuple[str, str] | None = None
        self.feed(html.replace("\r\n", "\n").replace("\r", "\n"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = dict(attrs)
        self.tags.append((tag, of))
        self.ids += [of["id"]] if of.get("id") else []
        name, kind = of.get("name"), of.get("type")
        if tag == "input" and name and not (kind == "checkbox" and "checked" not in of):
            value = (of.get("value") or "").replace("\n", "")
            self.controls[name] = value.removesuffix(":00") if kind == "datetime-local" and len(value) == 19 else value
        elif tag == "textarea" and name:
            self.open = (name, "")
        elif tag == "select" and name:
            self.open = (name, "")
            self.controls[name] = ""
        elif tag == "option" and self.open and "selected" in of:
            self.controls[self.open[0]] = of.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open = (self.open[0], self.open[1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.open:
            self.controls[self.open[0]] = self.open[1].removeprefix("\n").replace("\n", "\r\n")
        if tag in ("textarea", "select"):
            self.open = None


def drawn(form: SchemaForm) -> Browser:
    return Browser(render_to_string("approvals/_fields.html", {"form": form}))


def posted(schema: Any, arguments: dict[str, Any], edits: dict[str, str] | None = None) -> SchemaForm:
    """The form after a browser loaded it, somebody edited these controls, and sent it."""
    sent = drawn(SchemaForm(schema, arguments)).controls
    return SchemaForm(schema, arguments, {**sent, **(edits or {})})


def canonical(value: Any) -> bytes:
    return payloads.canonical(value)


CAMPAIGN = {
    "type": "object",
    "properties": {
        "to": {"type": "string", "title": "To", "format": "email"},
        "limit": {"type": "integer", "title": "Daily limit", "minimum": 1, "maximum": 5},
        "share": {"type": "number"},
        "body": {"type": "string", "x-lines": 4},
        "urgent": {"type": "boolean"},
        "currency": {"type": "string", "enum": ["EUR", "USD"]},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "guests": {"type": "array", "title": "Guests", "items": {"type": "string"}, "maxItems": 4},
        "address": {
            "type": "object",
            "properties": {"street": {"type": "string"}, "number": {"type": "integer"}},
            "required": ["street"],
        },
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "free": {"type": "object"},
    },
    "required": ["to", "limit"],
    "$defs": {"line": {"type": "object", "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}}}},
}
FULL: dict[str, Any] = {
    "to": "anna@nordlicht.example", "limit": 2, "share": 1e-7, "body": "\r\n Hello\nAnna,\r\n\n", "urgent": False,
    "currency": "EUR", "day": "2027-03-31", "at": "2027-03-31T09:30:00+02:00", "note": None,
    "guests": ["a", " b ", ""], "address": {"street": "Kai 1", "floor": [1]},
    "lines": [{"sku": "A", "count": 3, "x": 1}],
    "free": {"k": [1, {}]}, "beyond": {"any": "thing"},
}  # fmt: skip


def test_a_form_that_nobody_touched_changes_nothing() -> None:
    form = posted(CAMPAIGN, FULL)
    assert form.is_valid(), form.errors
    assert canonical(form.arguments) == canonical(FULL)
    assert form.changed == []


def test_a_single_edit_changes_that_and_nothing_else() -> None:
    form = posted(CAMPAIGN, FULL, {"f-limit": "3"})
    assert form.is_valid()
    assert form.arguments == {**FULL, "limit": 3}
    assert form.changed == [("$.limit", 2, 3)]
    html = render_to_string("approvals/_fields.html", {"form": form})
    assert html.count('class="field dirty"') == 1
    assert 'Was <bdi class="value">2</bdi>.' in html


@pytest.mark.parametrize(("edits", "result"), [
    ({"f-to": "t.vik@fjordline.example"}, {"to": "t.vik@fjordline.example"}),
    ({"f-body": "One\r\nTwo"}, {"body": "One\nTwo"}),
    ({"f-body": "  "}, {"body": "  "}),
    ({"f-share": "0.5"}, {"share": 0.5}), ({"f-share": " 2.0 "}, {"share": 2}), ({"f-share": "1.2400"}, {"share": 1.24}),
    ({"f-share": "0.125"}, {"share": 0.125}), ({"f-share": ""}, {"share": ABSENT}),
    ({"f-urgent": "true"}, {"urgent": True}), ({"f-urgent": ""}, {"urgent": ABSENT}),
    ({"f-currency": '"USD"'}, {"currency": "USD"}), ({"f-day": "2027-04-01"}, {"day": "2027-04-01"}),
    ({"f-day": ""}, {"day": ABSENT}),
    ({"f-at": "2027-03-31T09:30:15"}, {"at": "2027-03-31T09:30:15+02:00"}),
    ({"f-at": "2027-04-01T10:00"}, {"at": "2027-04-01T10:00:00+02:00"}),
    ({"f-at--zone": "Z"}, {"at": "2027-03-31T09:30:00Z"}),
    ({"f-note": "hi"}, {"note": "hi"}),
    ({"f-guests-0--off": "1"}, {"guests": [" b ", ""]}), ({"f-guests-0": ""}, {"guests": [" b ", ""]}),
    ({"f-guests-3": "new"}, {"guests": ["a", " b ", "", "new"]}),
    ({"f-guests-0--off": "1", "f-guests-1--off": "1", "f-guests-2--off": "1"}, {"guests": []}),
    ({"f-address-number": "7"}, {"address": {"street": "Kai 1", "floor": [1], "number": 7}}),
    ({"f-address--rest": ""}, {"address": {"street": "Kai 1"}}),
    ({"f-lines-0-count": "4"}, {"lines": [{"sku": "A", "count": 4, "x": 1}]}),
    ({"f-lines-1-sku": "B"}, {"lines": [{"sku": "A", "count": 3, "x": 1}, {"sku": "B"}]}),
    ({"f-free": '{"k": 2}'}, {"free": {"k": 2}}), ({"f--rest": ""}, {"beyond": ABSENT}),
])  # fmt: skip
def test_what_an_edit_means(edits: dict[str, str], result: dict[str, Any]) -> None:
    form = posted(CAMPAIGN, FULL, edits)
    wanted = {**FULL, **result}
    assert form.is_valid(), form.errors
    assert canonical(form.arguments) == canonical({k: v for k, v in wanted.items() if v is not ABSENT})
    assert form.changed


@pytest.mark.parametrize(("edits", "where", "says"), [
    ({"f-limit": "9"}, "f-limit", "Has to be 5 or less."), ({"f-limit": "two"}, "f-limit", "Write a whole number"),
    ({"f-limit": "2.0"}, "f-limit", "Write a whole number"), ({"f-limit": "٣"}, "f-limit", "Write a whole number"),
    ({"f-limit": "9" * 17}, "f-limit", "Write a whole number"), ({"f-limit": ""}, "f-limit", "Fill this in."),
    ({"f-share": "1,5"}, "f-share", "point"), ({"f-share": "nan"}, "f-share", "point"),
    ({"f-share": "1e999"}, "f-share", "finite"), ({"f-share": "1.240"}, "f-share", "Write 1240 or 1.2400."),
    ({"f-to": "nobody"}, "f-to", "email"), ({"f-to": "a\x00@b"}, "f-to", "null character"),
    ({"f-to": "\ud83d"}, "f-to", "half"),
    ({"f-currency": '"GBP"'}, "f-currency", "one of: EUR, USD"), ({"f-currency": "GBP"}, "f-currency", "JSON"),
    ({"f-day": "31.3.2027"}, "f-day", "date"), ({"f-at": "soon"}, "f-at", "date and a time"),
    ({"f-at--zone": "CET"}, "f-at", "offset"), ({"f-at": "2027-02-30T10:00"}, "f-at", "date-time"),
    ({"f-address-street": ""}, None, ""), ({"f-address-number": "x"}, "f-address-number", "whole number"),
    ({"f-free": "{"}, "f-free", "one JSON value"), ({"f-free": '{"a":1,"a":2}'}, "f-free", "twice"),
    ({"f-free": "[]"}, "f-free", "group of fields"), ({"f--rest": '{"to": "x"}'}, "f--rest", "no field of their own"),
    ({"f-guests-1": "x" * 70_000}, "f-guests-1", "64 KiB"),
])  # fmt: skip
def test_a_mistake_is_named_at_its_field(edits: dict[str, str], where: str | None, says: str) -> None:
    form = posted(CAMPAIGN, FULL, edits)
    if where is None:
        assert form.is_valid()
        return
    assert not form.is_valid()
    assert list(form.errors) == [where]
    assert says in form.errors[where][0]
    page = drawn(form)
    control = next(attrs for _tag, attrs in page.tags if attrs.get("id") == where)
    assert control["aria-invalid"] == "true"
    assert f"{where}--errors" in (control["aria-describedby"] or "")
    assert set((control["aria-describedby"] or "").split()) <= set(page.ids)
    assert any(tag == "a" and attrs["href"] == f"#{where}" for tag, attrs in page.tags)


def test_a_mistake_in_a_list_stays_at_its_row_when_an_earlier_row_goes() -> None:
    schema = {"properties": {"n": {"type": "array", "items": {"type": "integer", "maximum": 9}}}}
    form = posted(schema, {"n": [1, 2, 3]}, {"f-n-0": "", "f-n-2": "10"})
    assert form.errors == {"f-n-2": ["Has to be 9 or less."]}


def test_what_was_typed_survives_a_refusal() -> None:
    page = drawn(posted(CAMPAIGN, FULL, {"f-limit": "nine", "f-body": "Draft\r\nof mine", "f-guests-3": "new"}))
    assert (page.controls["f-limit"], page.controls["f-body"], page.controls["f-guests-3"]) == (
        "nine", "Draft\r\nof mine", "new",
    )  # fmt: skip


def test_an_absent_group_stays_absent_until_something_stands_in_it() -> None:
    arguments = {"to": "a@b.example", "limit": 1}
    assert posted(CAMPAIGN, arguments).arguments == arguments
    filled = posted(CAMPAIGN, arguments, {"f-address-street": "Kai"})
    assert filled.arguments == {**arguments, "address": {"street": "Kai"}}
    half = posted(CAMPAIGN, arguments, {"f-address-number": "1"})
    assert half.errors == {"f-address-street": ["Fill this in."]}


def test_one_more_row_is_asked_for_without_scripts() -> None:
    sent = drawn(SchemaForm(CAMPAIGN, FULL)).controls | {"f-guests-3": "new", "f-limit": "nine"}
    lines = SchemaForm(CAMPAIGN, FULL, {**sent, "f--add": "f-lines"})
    assert not lines.is_valid()
    assert lines.errors == {}
    page = drawn(lines)
    assert page.controls["f-limit"] == "nine"
    assert "f-lines-2-sku" in page.controls
    full = SchemaForm(CAMPAIGN, FULL, {**page.controls, "f--add": "f-guests"})
    assert "f-guests-4" not in drawn(full).controls


def test_both_views_hold_the_same_edit() -> None:
    sent = drawn(SchemaForm(CAMPAIGN, FULL)).controls | {"f-limit": "4"}
    as_json = SchemaForm(CAMPAIGN, FULL, {**sent, "f--show": "raw"})
    page = drawn(as_json)
    assert (as_json.view, as_json.is_valid(), as_json.changed) == ("raw", False, [("$.limit", 2, 4)])
    assert payloads.parse(page.controls["f--raw"]) == {**FULL, "limit": 4}

    rewritten = page.controls["f--raw"].replace("Kai 1", "Kai 2").replace('"floor"', '"level"')
    saved = SchemaForm(CAMPAIGN, FULL, {**page.controls, "f--raw": rewritten})
    wanted = {**FULL, "limit": 4, "address": {"street": "Kai 2", "level": [1]}}
    assert saved.is_valid()
    assert saved.arguments == wanted

    as_fields = SchemaForm(CAMPAIGN, FULL, {**page.controls, "f--raw": rewritten, "f--show": "fields"})
    assert (as_fields.view, as_fields.is_valid()) == ("fields", False)
    again = SchemaForm(CAMPAIGN, FULL, drawn(as_fields).controls)
    assert again.is_valid()
    assert canonical(again.arguments) == canonical(wanted)
    assert ("$.limit", 2, 4) in again.changed


@pytest.mark.parametrize(("raw", "says"), [
    ("{", "one JSON value"), ("[]", "JSON object"), ('{"to":"a@b.example","limit":0}', "$.limit: has to be 1 or more"),
    ('{"limit":1}', "$.to: fill this in"), ('{"a":1,"A":2}', "looks like"), ("\ud83d", "surrogate"),
])  # fmt: skip
def test_json_is_checked_as_strictly(raw: str, says: str) -> None:
    form = SchemaForm(CAMPAIGN, FULL, {"f--raw": raw})
    assert not form.is_valid()
    assert says in form.errors["f--raw"][0]


def test_hidden_characters_stand_beside_the_box_and_as_escapes_in_json() -> None:
    arguments = {**FULL, "to": "a\u202eb@c.example"}
    html = render_to_string("approvals/_fields.html", {"form": SchemaForm(CAMPAIGN, arguments)})
    assert "[U+202E RLO]" in html
    sent = Browser(html).controls
    raw = SchemaForm(CAMPAIGN, arguments, {**sent, "f--show": "raw"}).raw
    assert "a\\u202eb" in raw
    assert "\u202e" not in raw


@pytest.mark.parametrize("arguments", [{}, {"a": 1}, {"to": [1, {"x": None}]}])
def test_without_a_schema_the_whole_is_json(arguments: dict[str, Any]) -> None:
    form = posted({}, arguments)
    assert form.is_valid()
    assert form.arguments == arguments
    assert SchemaForm({}, arguments, {"f": '{"b": 2}'}).arguments == {"b": 2}
    assert SchemaForm({}, arguments, {"f": "7"}).errors == {"f": ["Write a JSON object: names with values, in braces."]}


@pytest.mark.parametrize("schema", [
    None, [], "x", {"type": "Unheard"}, {"properties": 7}, {"properties": {"a": 7, "b": None}}, {"$ref": "#"},
    {"properties": {"a": {"$ref": "http://x/y"}, "b": {"enum": [2**60]}}}, {"enum": [2**60]}, {"pattern": "("},
    {"properties": {"a": {"items": [{}], "type": "array"}, "b": {"type": ["x"]}, "c": {"title": 7, "description": []}}},
    {"properties": {f"p{n}": {"type": "string"} for n in range(1_000)}}, {"allOf": [{}]}, {"oneOf": 3},
    {"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}}}}},
])  # fmt: skip
def test_no_schema_breaks_the_page(schema: Any) -> None:
    form = posted(schema, {"a": [1, "x"], "b": {"c": None}})
    drawn(form)
    assert canonical(form.arguments) == canonical({"a": [1, "x"], "b": {"c": None}})


def test_every_tool_of_ours_has_a_form() -> None:
    for tool in tools.built_in():
        page = drawn(SchemaForm(tool.schema, {}))
        assert {f"f-{name}" for name in tool.schema["properties"]} <= set(page.ids), tool.name
        assert len(page.ids) == len(set(page.ids)), tool.name


@pytest.mark.parametrize("entry", [e for e in corpus.ENTRIES if e["expect"] == "stored"], ids=corpus.name)
def test_the_corpus_survives_a_form_and_stays_inert(entry: dict[str, Any]) -> None:
    arguments = payloads.parse(corpus.body(entry))
    shape = {"properties": {name: {} for name in arguments}}
    form = posted(shape, arguments)
    assert form.is_valid(), form.errors
    assert canonical(form.arguments) == canonical(arguments)
    for tag, attrs in drawn(form).tags:
        assert tag not in ("script", "img", "svg", "iframe", "style", "meta", "base", "form")
        assert not [name for name in attrs if name.startswith(("on", "hx-", "style"))]


TEXTS = st.text(alphabet=st.one_of(st.characters(codec="utf-8", exclude_characters="\x00"), st.sampled_from('\r\n <"')))
LEAVES = st.one_of(
    st.tuples(st.just({"type": "string"}), TEXTS),
    st.tuples(st.just({"type": "string", "x-lines": 3}), TEXTS),
    st.tuples(st.just({"type": "integer"}), st.integers(-(2**53) + 1, 2**53 - 1)),
    st.tuples(st.just({"type": "number"}), st.floats(-1e15, 1e15)),
    st.tuples(st.just({"type": "boolean"}), st.booleans()),
    st.tuples(st.just({"type": ["string", "null"]}), st.none() | TEXTS),
    st.tuples(st.just({"type": "string", "format": "date"}), st.dates().map(str)),
    st.tuples(
        st.just({"type": "string", "format": "date-time"}),
        st.datetimes().map(lambda at: at.isoformat(timespec="seconds") + "+00:00"),
    ),
    st.tuples(st.just({"enum": ["a", 1, True, None]}), st.sampled_from(["a", 1, True, None])),
    st.tuples(st.just({}), st.recursive(TEXTS | st.none() | st.booleans(), lambda inner: st.lists(inner, max_size=3))),
)


def grown(inner: Any) -> Any:
    groups = st.dictionaries(TEXTS.filter(lambda name: len(name) < 20), inner, max_size=4).map(
        lambda of: (
            {"type": "object", "properties": {name: schema for name, (schema, _value) in of.items()}},
            {name: value for name, (_schema, value) in of.items()},
        )
    )
    lists = st.tuples(inner, st.integers(0, 3)).map(
        lambda of: ({"type": "array", "items": of[0][0]}, [of[0][1]] * of[1])
    )
    return groups | lists


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(TEXTS, st.recursive(LEAVES, grown, max_leaves=5), max_size=4), st.data())
def test_untouched_means_unchanged_for_any_schema(fields: dict[str, Any], data: Any) -> None:
    arguments = {name: value for name, (_schema, value) in fields.items()}
    try:
        arguments = payloads.check(arguments)
    except payloads.Refused:
        return
    named = {name: schema for name, (schema, _value) in fields.items() if data.draw(st.booleans())}
    form = posted({"type": "object", "properties": named}, arguments)
    assert canonical(form.arguments) == canonical(arguments)
    assert form.is_valid(), form.errors
    page = drawn(form)
    assert len(page.ids) == len(set(page.ids))


def test_what_came_back_is_told_by_the_labels_on_the_way_to_it() -> None:
    when = {"type": "string", "title": "When", "format": "date-time"}
    slot = {"type": "object", "properties": {"when": when, "sure": {"enum": [True, None, "<b>"]}}, "title": "Slot"}
    schema = {"type": "object", "properties": {"slots": {"type": "array", "title": "Slots", "items": slot}}}
    sent = {
        "f-slots--rows": "2", "f-slots-0-when": "2027-03-31T09:30", "f-slots-0-when--zone": "+02:00",
        "f-slots-0-sure": "null", "f-slots-0--off": "1", "f-slots-1-sure": '"<b>"', "f-slots-1-when": "",
    }  # fmt: skip
    assert SchemaForm(schema, {"slots": []}, sent).written == {
        "f-slots-0-when": (("Slots, entry 1", "When"), "2027-03-31T09:30"),
        "f-slots-0-when--zone": (("Slots, entry 1", "When", "Offset from UTC"), "+02:00"),
        "f-slots-0-sure": (("Slots, entry 1", "Sure"), "no value (null)"),
        "f-slots-1-sure": (("Slots, entry 2", "Sure"), "<b>"),
    }
    raw = SchemaForm(schema, {}, {"f--raw": "{not json"})
    assert raw.written == {"f--raw": (("All arguments as JSON",), "{not json")}
