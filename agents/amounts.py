"""Numbers and money as a reader writes them: never abbreviated."""

from decimal import Decimal

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision
from django.utils.formats import number_format
from django.utils.translation import get_language, to_locale


def written(language: str | None = None) -> Locale:
    """How readers of that language, or of the active one, write numbers and dates."""
    try:
        return Locale.parse(to_locale(language or get_language() or "en"))
    except (UnknownLocaleError, ValueError):  # a language that Django speaks and Babel does not
        return Locale("en")


def money(amount_minor: int, currency: str, language: str | None = None) -> str:
    """An amount in full, as a reader of that language (or of the active one) writes it."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    said = format_currency(amount, currency, locale=written(language))
    # Cards show every space that is none as what it is.
    return said.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def count(number: int) -> str:
    """A whole number in full."""
    return str(number_format(number, force_grouping=True))
