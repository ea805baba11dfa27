"""Files of one workspace folder."""

import shutil
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agents.said import Said, counted, said
from agents.toolbox.world import count, earlier, folder, happened, honour, inside, schema, text, work
from agents.tools import Call, Check, Effect, Impact, Preview, Repeatability, Tool, ToolFailed

MOST_FILES = 500
MOST_CHARACTERS = 15_000
PATH = text("Path", description="Inside the workspace folder")
PATHS = {"type": "array", "title": "Paths", "items": PATH, "minItems": 1, "maxItems": 200, "uniqueItems": True}


def listing(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 0.3)
    place = inside(arguments["folder"])
    found = (path for path in place.rglob("*") if path.is_file() and not path.is_symlink())
    return {"files": sorted(str(path.relative_to(folder())) for path in islice(found, MOST_FILES))}


def read(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    work(call, 0.3)
    path = inside(arguments["path"])
    if not path.is_file():
        raise ToolFailed(f"{arguments['path']} is not there")
    found = path.read_text("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    kept = {"path": arguments["path"], "text": found[:MOST_CHARACTERS]}
    left_out = len(found) - MOST_CHARACTERS
    return kept | {"left_out": f"{count(left_out)} more characters"} if left_out > 0 else kept


def write(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    path = inside(arguments["path"])
    work(call, 0.5)
    fresh = inside(f"{arguments['path']}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            shutil.copyfile(path, inside(f"{arguments['path']}.before"))
        fresh.write_text(arguments["text"], encoding="utf-8")
        fresh.replace(path)
    except OSError as error:  # a folder of that name, a full disk: the file is as it was
        raise ToolFailed(f"{arguments['path']} cannot be written: {error.strerror}") from None
    size = len(arguments["text"].encode())
    return happened(call, "files.write", f"Wrote {arguments['path']}", path=arguments["path"], bytes=size)


def delete(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    if done := earlier(call, "files.delete"):
        return done
    there = _there(arguments["paths"])
    work(call, 1, _("deleting"))
    for path in there:
        path.unlink(missing_ok=True)
    detail = {"paths": arguments["paths"], "deleted": len(there)}
    return honour(call, "files.delete", lambda: (f"Deleted {count(len(there))} file{'s' * (len(there) != 1)}", detail))


def archive(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    moved = []
    work(call, 1, _("archiving"))
    for path in _there(arguments["paths"]):
        kept = inside("archive") / f"{call.action_id}" / path.relative_to(folder())
        kept.parent.mkdir(parents=True, exist_ok=True)
        path.rename(kept)
        moved.append(str(kept.relative_to(folder())))
    return happened(call, "files.archive", f"Archived {len(moved)} file{'s' * (len(moved) != 1)}", moved=moved)


def _there(paths: list[str]) -> list[Path]:
    found = [inside(name) for name in paths]
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _reading(title: Said, target: str) -> Preview:
    return Preview("files", title, _("Only reads."), target=target, verb=_("read it"))


def preview_write(arguments: dict[str, Any]) -> Preview:
    there, size = _exists(arguments["path"]), len(arguments["text"])
    return Preview(
        "files",
        title=said("Write %(path)s", path=arguments["path"]),
        effect=ngettext("A file of %(count)s character is written.", "A file of %(count)s characters is written.", size)
        % {"count": count(size)},
        undo=_("The file as it was is kept beside it."),
        facts=((_("Path"), arguments["path"]), (_("Is there now"), _("yes") if there else _("no"))),
        body=arguments["text"],
        target=arguments["path"],
        verb=_("write it"),
    )


def _exists(name: str) -> bool:
    try:
        return inside(name).is_file()
    except ToolFailed:
        return False


def _preview_paths(title: Said, effect: str, undo: str, verb: str, paths: list[str]) -> Preview:
    there = sum(_exists(name) for name in paths)
    return Preview(
        "files", title, effect, undo,
        facts=tuple((_("File %(number)s") % {"number": i}, name) for i, name in enumerate(paths, 1)),
        checks=(Check(there == len(paths), _("Every file is there"), f"{there} / {len(paths)}"),),
        target=paths[0], verb=verb,
    )  # fmt: skip


def preview_delete(arguments: dict[str, Any]) -> Preview:
    size = len(arguments["paths"])
    number = {"count": count(size)}
    return _preview_paths(
        counted("Delete %(count)s file", "Delete %(count)s files", size),
        ngettext("%(count)s file is deleted for good.", "%(count)s files are deleted for good.", size) % number,
        _("Deleted files cannot be brought back."), _("delete %(count)s") % number, arguments["paths"],
    )  # fmt: skip


def preview_archive(arguments: dict[str, Any]) -> Preview:
    size = len(arguments["paths"])
    number = {"count": count(size)}
    moves = ngettext("%(count)s file moves to the archive.", "%(count)s files move to the archive.", size)
    return _preview_paths(
        counted("Archive %(count)s file", "Archive %(count)s files", size), moves % number,
        _("They can be moved back at any time."), _("archive %(count)s") % number, arguments["paths"],
    )  # fmt: skip


TOOLS = (
    Tool(
        "files.list", "1", "List the files of a folder.", schema(folder=text("Folder", default=".")),
        Effect(read_only=True), Repeatability.READ_ONLY, listing,
        lambda a: _reading(said("List the files of %(folder)s", folder=a["folder"]), a["folder"]),
    ),
    Tool(
        "files.read", "1", "Read one file.", schema(path=PATH), Effect(read_only=True), Repeatability.READ_ONLY, read,
        lambda a: _reading(said("Read %(path)s", path=a["path"]), a["path"]),
    ),
    Tool(
        "files.write", "1", "Write one text file.",
        schema(path=PATH, text={"type": "string", "title": "Text", "maxLength": 60_000, "x-lines": 10}),
        Effect(reversible=True), Repeatability.ONCE, write, preview_write, lambda a: Impact(rows=1),
    ),
    Tool(
        "files.delete", "1", "Delete files for good.", schema(paths=PATHS), Effect(), Repeatability.IDEMPOTENT, delete,
        preview_delete, lambda a: Impact(rows=len(a["paths"])),
    ),
    Tool(
        "files.archive", "1", "Move files to the archive folder.", schema(paths=PATHS), Effect(reversible=True),
        Repeatability.ONCE, archive, preview_archive, lambda a: Impact(rows=len(a["paths"])),
    ),
)  # fmt: skip
