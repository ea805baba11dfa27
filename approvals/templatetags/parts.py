"""Small parts that many pages draw: icons, risk, certainty, voices, clocks. Every word in them is translated."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from babel import dates, lists, numbers
from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from agents.amounts import written
from approvals import verbs
from approvals.risk import SURE_FROM, UNSURE_BELOW
from approvals.templatetags.words import BROWSER_WORDS

register = template.Library()

RISKS = {
    "low": ("l", gettext_lazy("Low risk")),
    "medium": ("m", gettext_lazy("Medium risk")),
    "high": ("h", gettext_lazy("High risk")),
    "critical": ("c", gettext_lazy("Critical")),
}
BANDS = {
    "high": ("hi", 3, gettext_lazy("High"), gettext_lazy("agent is confident")),
    "medium": ("me", 2, gettext_lazy("Medium"), gettext_lazy("please review")),
    "low": ("lo", 1, gettext_lazy("Low"), gettext_lazy("needs your input")),
    "": ("none", 0, gettext_lazy("Not stated"), gettext_lazy("please review")),
}
STATE_ICONS = {
    "PROPOSED": "again", "PENDING": "wait", "APPROVED": "check", "EXECUTING": "play", "SUCCEEDED": "check",
    "FAILED": "warn", "REJECTED": "x", "EXPIRED": "wait", "CANCELLED": "x", "BLOCKED": "block", "UNKNOWN": "ask",
    "QUEUED": "wait", "RUNNING": "play", "WAITING_APPROVAL": "wait", "PAUSED": "pause", "STOPPED": "stop",
}  # fmt: skip
SOON = timedelta(minutes=5)
BARS = (
    '<rect x="1" y="10" width="4" height="6" rx="1"/>',
    '<rect x="7" y="6" width="4" height="10" rx="1"/>',
    '<rect x="13" y="1" width="4" height="15" rx="1"/>',
)
GAPS = (
    '<rect class="off" x="1.5" y="10.5" width="3" height="5" rx=".8"/>',
    '<rect class="off" x="7.5" y="6.5" width="3" height="9" rx=".8"/>',
    '<rect class="off" x="13.5" y="1.5" width="3" height="14" rx=".8"/>',
)
ICON = '<svg width="{0}" height="{0}" aria-hidden="true"><use href="{1}#{2}"/></svg>'
METER = '<svg class="bars" width="{}" height="{}" viewBox="0 0 18 16" aria-hidden="true">{}</svg>'
HELD = '<time class="hold" datetime="{0}" data-due="{0}" data-words="{1}" data-zero="{2}" title="{3}">{4}</time>'
CERTAINTY = '<div class="conf {} {}">{}<div><b>{}</b><span>{}</span></div></div>'
DOT = '<circle cx="{}" cy="6" r="4.6" fill="{}" stroke="currentColor" stroke-width="1.3"/>'
VOICES = (
    '<span class="tier"><svg width="{0}" height="12" viewBox="0 0 {0} 12" aria-hidden="true">{1}</svg>{2}{3}</span>'
)
MOMENT = '<time datetime="{0}" data-due="{0}" data-zero="{1}"{2} title="{3}">{4}</time>'
SHRINKING = '<progress value="{}" max="100" data-from="{}" aria-label="{}"></progress>'
AGE = '<time class="age" datetime="{0}" data-age="{0}" title="{1}">{2}</time>'


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    """A drawing of the sprite, `size` pixels square, silent for screen readers."""
    symbol = name if name.startswith("r-") else f"i-{name}"
    return format_html(ICON, size, static("icons.svg"), symbol)


@register.simple_tag
def risk(level: str) -> SafeString:
    """Risk by shape and weight of ink; an unknown level is shown as critical."""
    letter, words = RISKS.get(level, RISKS["critical"])
    return format_html('<span class="risk {}">{}{}</span>', letter, icon(f"r-{letter}", 14), words)


def band(confidence: float | None) -> str:
    """The band of a stated confidence between 0 and 1; empty when none was stated."""
    if confidence is None:
        return ""
    return "low" if confidence < UNSURE_BELOW else "medium" if confidence < SURE_FROM else "high"


def bars(filled: int, scale: float = 1) -> SafeString:
    drawn = "".join((*BARS[:filled], *GAPS[filled:]))
    return format_html(METER, round(18 * scale), round(16 * scale), mark_safe(drawn))  # noqa: S308


@register.simple_tag
def confidence(value: float | None, size: str = "") -> SafeString:
    """Certainty as bars, word, percent and phrase; `size` "big" is the gauge of the review card."""
    letters, filled, word, phrase = BANDS[band(value)]
    # Down to the whole percent: 89.6 % must not read as the next band's 90 %.
    shown = word if value is None else format_html("{} {}", word, percent(int(value * 100 + 1e-9)))
    return format_html(CERTAINTY, letters, size, bars(filled, 1.6 if size == "big" else 1), shown, phrase)


@register.simple_tag
def voices(had: int, needed: int, roles: Any = "") -> SafeString:
    """One dot per needed approval, then "1 of 2 · senior"; `roles` is a string or a list of role names."""
    names = roles if isinstance(roles, str) else ", ".join(str(role) for role in roles)
    fills = ((6 + 13 * n, "currentColor" if n < had else "none") for n in range(needed))
    words = _("%(had)d of %(needed)d") % {"had": had, "needed": needed}
    return format_html(VOICES, 13 * needed, format_html_join("", DOT, fills), words, f" · {names}" if names else "")


def left(due: datetime, now: datetime) -> str:
    """Time left as on a clock: 2:14, then 26 min, then 3 h, then 2 d. The browser counts in the same words."""
    seconds = max(0, int((due - now).total_seconds()))
    if seconds < 20 * 60:
        return f"{seconds // 60}:{seconds % 60:02d}"
    if seconds < 2 * 3600:
        return pgettext("time left", "%d min") % (seconds // 60)
    if seconds < 48 * 3600:
        return pgettext("time left", "%d h") % (seconds // 3600)
    return pgettext("time left", "%d d") % (seconds // 86400)


def countdown(due: datetime, now: datetime, zero: str, announce: bool = False) -> SafeString:
    spoken = mark_safe(" data-announce") if announce else ""
    return format_html(MOMENT, due.isoformat(), zero, spoken, exactly(due), zero if due <= now else left(due, now))


def phase(due: datetime, now: datetime) -> str:
    return "zero" if due <= now else "soon" if due - now < SOON else ""


@register.simple_tag
def clock(due: datetime | None, then: str = "", start: datetime | None = None, zero: str = "") -> SafeString:
    """The countdown of a row: time left, what happens at zero, and a bar from `start` to `due` when both are known."""
    if due is None:
        return format_html('<div class="due"><small>{}</small></div>', _("no deadline"))
    now = timezone.now()
    time = countdown(due, now, zero or _("Time is up"))
    bar = shrinking(start, due, now) if start and due > start else ""
    return format_html('<div class="due {}"><b>{}</b> <small>{}</small>{}</div>', phase(due, now), time, then, bar)


@register.filter
def at_zero(approval: Any) -> str:
    """What a countdown says of an open question once its time is over."""
    return _("Goes up one tier") if approval.at_zero == "hand_up" else _("Expired")


def shrinking(start: datetime, due: datetime, now: datetime) -> SafeString:
    share = round(100 * max(0.0, min(1.0, (due - now) / (due - start))))
    return format_html(SHRINKING, share, start.isoformat(), _("Time left"))


@register.simple_tag
def hold_clock(due: datetime, tool: str) -> SafeString:
    """The countdown of what is approved and held, as a sentence. At zero whatever takes it back is over."""
    now, verb = timezone.now(), verbs.of_name(tool)
    words = _("Sends in {n}.") if verb and verb[1] == verbs.TELL else _("Starts in {n}.")
    zero = _("The hold is over.")
    said = zero if due <= now else words.replace("{n}", brief(due, now))
    return format_html(HELD, due.isoformat(), words, zero, exactly(due), said)


def brief(due: datetime, now: datetime) -> str:
    """A short time left, in whole seconds begun; a longer one as on every clock."""
    seconds = ceil((due - now).total_seconds())
    return pgettext("time left", "%d s") % seconds if seconds <= 60 else left(due, now)


@register.simple_tag
def card_clock(due: datetime | None, then: str = "", zero: str = "") -> SafeString:
    """The countdown of the review card, without its wrapper: wrap it in `.clock`, where a button may follow."""
    if due is None:
        return format_html("{}<span>{}</span>", icon("wait", 15), _("No deadline"))
    counted = countdown(due, timezone.now(), zero or _("Time is up"), announce=True)
    words = format_html('<span class="left">{}</span> <span class="then">{}</span>', counted, then)
    return format_html("{}<span>{}</span>", icon("wait", 15), words)


@register.filter
def percent(number: float) -> str:
    """A number of percent, with as many decimals as it has."""
    return numbers.format_percent(Decimal(str(number)) / 100, locale=written(), decimal_quantization=False)


@register.filter
def exactly(moment: datetime) -> str:
    """Date, time to the second and zone, as the reader writes them."""
    local = timezone.localtime(moment)
    return f"{dates.format_datetime(local, 'medium', locale=written())} {local.tzname()}"


@register.filter
def minute(moment: datetime) -> str:
    """Date, time to the minute and zone."""
    return f"{_to_the_minute(moment)} {timezone.localtime(moment).tzname()}"


def _to_the_minute(moment: datetime) -> str:
    return f"{day(moment)}, {dates.format_time(timezone.localtime(moment), 'short', locale=written())}"


@register.filter
def day(moment: date) -> str:
    """The date: of a moment, that which it is where the reader is."""
    local = timezone.localtime(moment) if isinstance(moment, datetime) else moment
    return dates.format_date(local, "medium", locale=written())


@register.filter
def hour(moment: datetime, detail: str = "short") -> str:
    """The time of a day and its zone; `detail` "medium" adds the seconds."""
    local = timezone.localtime(moment)
    return f"{dates.format_time(local, detail, locale=written())} {local.tzname()}"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago within a day, else when. The browser goes on counting in the same words."""
    seconds = int((now - moment).total_seconds())
    if seconds < 5:
        return _("now")
    if seconds < 60:
        return pgettext("age", "%d s ago") % seconds
    if seconds < 3600:
        return pgettext("age", "%d min ago") % (seconds // 60)
    if seconds < 86400:
        return pgettext("age", "%d h ago") % (seconds // 3600)
    return _to_the_minute(moment)


@register.simple_tag
def age(moment: datetime | None) -> SafeString:
    """How long ago something was; its exact time with zone on hover."""
    if moment is None:
        return mark_safe("")
    return format_html(AGE, moment.isoformat(), exactly(moment), ago(moment, timezone.now()))


@register.simple_tag
def state(row: Any) -> SafeString:
    """Icon and on-screen word of the state of a task or an action."""
    drawing = icon(state_icon(row.state), 14)
    return format_html('<span class="state" data-state="{}">{}{}</span>', row.state, drawing, row.get_state_display())


@register.filter
def state_icon(state_name: str) -> str:
    """Name of the icon of a state; a question mark for one it does not know."""
    return STATE_ICONS.get(state_name, "ask")


@register.filter
def numbered(stages: Iterable[Any]) -> str:
    """The numbers of some steps of a plan, in words: "2, 3 and 5"."""
    return lists.format_list([str(stage.number) for stage in stages], locale=written())


@register.filter
def initials(person: Any) -> str:
    """Two letters that stand for a person."""
    words = str(person).split() or ["?"]
    return (words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]).upper()


@register.simple_tag(takes_context=True)
def nav(context: dict[str, Any], url_name: str, drawing: str, words: str, also: str = "") -> SafeString:
    """One entry of the main navigation; current on its own page and on the pages named in `also`."""
    match = getattr(context.get("request"), "resolver_match", None)
    here = match.url_name if match else ""
    current = "page" if here == url_name else "true" if here and here in also.split() else ""
    marks = format_html(' aria-current="{}"', current) if current else mark_safe("")
    if url_name == "stop":
        marks += mark_safe(' class="stop"')
    badge = waiting_badge(context) if url_name == "board" else ""
    return format_html('<a href="{}"{}>{}{}{}</a>', reverse(url_name), marks, icon(drawing, 20), words, badge)


def waiting_badge(context: dict[str, Any]) -> SafeString:
    waiting = context.get("waiting_count")
    waiting = waiting() if callable(waiting) else waiting
    hidden = "" if waiting else mark_safe(" hidden")
    words = format_html('<span>{}</span><span class="sr"> {}</span>', waiting or "", _("waiting"))
    return format_html('<span class="n" data-waiting-badge{}>{}</span>', hidden, words)


@register.simple_tag
def browser_words() -> SafeString:
    """The sentences the scripts need, in the reader's language, as inert data."""
    return json_script({key: str(words) for key, words in BROWSER_WORDS.items()}, "words")
