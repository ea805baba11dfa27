"""Texts as they are compared: folded so that no disguise of an address, link or account hides it. Pure."""

import base64
import binascii
import html
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

EMAIL = re.compile(r"[a-z0-9._%+'-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
LINK = re.compile(
    r"(?:https?|ftp)://[^\s<>\"'`|]+"
    r"|\bwww\.[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s<>\"'`|]*"
    r"|\b(?<![@.\w-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|co|app|dev|info|biz|ai|me|ru|cn|eu|de|uk|xyz|site|online|"
    r"top|link|click|shop|store|live|cloud|tech|gov|edu)\b(?:/[^\s<>\"'`|]*)?"
)
ACCOUNT = re.compile(
    r"\b[a-z]{2}\d{2}[a-z0-9]{10,30}\b|\b[a-z]{2}\d{2}(?: [a-z0-9]{4}){2,7}(?: [a-z0-9]{1,4})?\b"
    r"|\b0x[0-9a-f]{40}\b|\bbc1[a-z0-9]{20,60}\b"
)
NUMBER = re.compile(r"\b\d(?:[ -]?\d){7,18}\b")
_BLOB = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[ :]?){6,}")
_INVISIBLE = dict.fromkeys(
    (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x3164, 0xFFA0, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
     *range(0x2060, 0x2070), *range(0xFE00, 0xFE10))
)  # fmt: skip
_SPELT = (
    (re.compile(r"\s*[\[({<]\s*(?:at|@)\s*[\])}>]\s*|\s+at\s+(?=[a-z0-9-]+(?:\s*[\[({<]?\s*(?:dot|\.)))"), "@"),
    (re.compile(r"\s*[\[({<]\s*(?:dot|\.)\s*[\])}>]\s*|\s+dot\s+"), "."),
)
_TRAILING = ".,;:!?)]}>'\""
LONGEST = 200_000


@lru_cache(maxsize=512)
def fold(text: str) -> str:
    """The text in one case and one spelling: entities, percent signs, widths and invisible characters resolved."""
    plain = text[:LONGEST]
    if "&" in plain:
        plain = html.unescape(plain)
    if "%" in plain:
        plain = unquote(plain)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain).translate(_INVISIBLE)
    plain = plain.casefold()
    for spelt, meant in _SPELT:
        plain = spelt.sub(meant, plain)
    return plain


@lru_cache(maxsize=512)
def squash(text: str) -> str:
    """Letters and digits only, so that neither spaces nor punctuation keep two texts apart."""
    return re.sub(r"[\W_]+", "", fold(text))


@lru_cache(maxsize=512)
def hidden(text: str) -> str:
    """What the base64 and hexadecimal parts of a text say, and the text read backwards."""
    said = [_opened(found.group()) for found in list(_BLOB.finditer(text[:LONGEST]))[:200]]
    said += [_from_hex(found.group()) for found in list(_HEX.finditer(text[:LONGEST]))[:200]]
    return " ".join(filter(None, said))


@lru_cache(maxsize=512)
def addresses(text: str) -> frozenset[str]:
    return frozenset(found.group().strip(".'") for found in EMAIL.finditer(fold(text)))


@lru_cache(maxsize=512)
def links(text: str) -> frozenset[str]:
    """Every link, without scheme, www. and trailing marks; an address of a person is none."""
    bare = EMAIL.sub(" ", fold(text))
    return frozenset(one for found in LINK.finditer(bare) if (one := plain_link(found.group())))


@lru_cache(maxsize=512)
def accounts(text: str) -> frozenset[str]:
    return frozenset(re.sub(r"[ -]", "", found.group()) for found in ACCOUNT.finditer(fold(text)))


@lru_cache(maxsize=512)
def numbers(text: str) -> frozenset[str]:
    """Long numbers, without what groups their digits."""
    return frozenset(re.sub(r"[ -]", "", found.group()) for found in NUMBER.finditer(fold(text)))


def plain_link(link: str) -> str:
    bare = re.sub(r"^[a-z]+://", "", link.casefold().strip().strip(_TRAILING))
    return re.sub(r"^www\.", "", bare).rstrip("/")


def host(link: str) -> str:
    return re.split(r"[/?#:]", plain_link(link).rsplit("@", 1)[-1])[0]


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", fold(text))


def _opened(blob: str) -> str:
    padded = blob.rstrip("=") + "=" * (-len(blob.rstrip("=")) % 4)
    try:
        told = base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    return told if told.isprintable() else ""


def _from_hex(digits: str) -> str:
    try:
        told = bytes.fromhex(re.sub(r"[ :]", "", digits)).decode("utf-8")
    except ValueError:
        return ""
    return told if told.isprintable() else ""
