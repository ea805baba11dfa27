"""What others made is exactly what the list says, with its licence beside it."""

import gzip
import hashlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST = ROOT / "static/vendor/VENDOR.toml"
FILES = tomllib.loads(LIST.read_text())["file"]


@pytest.mark.parametrize("entry", FILES, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_the_one_on_the_list_and_its_licence_lies_beside_it(entry):
    content = (ROOT / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])
    assert len((ROOT / entry["licence_text"]).read_text()) > 300


def test_nothing_lies_among_the_vendored_files_that_is_not_on_the_list():
    listed = {entry[key] for entry in FILES for key in ("file", "licence_text")}
    folders = (ROOT / "static/vendor", ROOT / "tests/vendor")
    found = {str(path.relative_to(ROOT)) for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert found - listed == {"static/vendor/VENDOR.toml"}


def test_all_scripts_of_a_page_stay_under_45_kilobytes_on_the_wire():
    loaded = re.findall(r'{% static "([^"]+\.js)" %}', (ROOT / "templates/_scripts.html").read_text())
    assert len(loaded) == 13
    assert sum(len(gzip.compress((ROOT / "static" / name).read_bytes())) for name in loaded) < 45_000


def test_the_fonts_that_a_page_loads_ahead_stay_under_150_kilobytes():
    loaded = re.findall(r'{% static "([^"]+\.woff2)" %}', (ROOT / "templates/base.html").read_text())
    assert len(loaded) == 3
    assert sum((ROOT / "static" / name).stat().st_size for name in loaded) < 150_000


def test_no_script_or_style_of_ours_asks_another_host():
    ours = [*(ROOT / "static").glob("*.js"), *(ROOT / "static").glob("*.css"), *(ROOT / "templates").rglob("*.html")]
    asked = {path.name: re.findall(r"(?:https?:)?//[\w.-]+\.\w{2,}", path.read_text()) for path in ours}
    assert {name: hosts for name, hosts in asked.items() if hosts} == {}
