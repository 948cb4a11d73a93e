"""Views of the run table that were saved by name, in the home: filter, order, columns, charts of the grid."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine import files
from engine.errors import CorruptRun, DltuiError, InputError
from engine.places import Places
from engine.protocol import Unknown, fitting, to_json

VERSION = 1
VIEWS_LIMIT = 200
SIZE_LIMIT = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")


@dataclass(frozen=True, slots=True)
class SavedView:
    """Every field has a default, so that files of older versions can be read."""

    version: int = VERSION
    where: str = ""
    """a filter"""
    sort: str = "created"
    descending: bool = True
    columns: list[str] = field(default_factory=list)
    """as name or name:width; none: by the room there is"""
    metric: str = ""
    """on the chart"""
    grid: bool = False
    """whether all metrics are shown as small charts"""
    charts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """which of them, in which order, for the experiment that was selected: as in `GridChoice`"""
    grouped: bool = False
    """whether runs that differ in the seed alone are one row"""
    unknown: Unknown = field(default_factory=dict)
    """fields that another version wrote: kept when the view is saved again"""


def names(places: Places) -> list[str]:
    """Names of the saved views, in order."""
    try:
        found = [path.stem for path in places.views.iterdir() if path.suffix == ".json"]
    except OSError:
        return []
    return sorted(name for name in found if _NAME.fullmatch(name))[:VIEWS_LIMIT]


def read(places: Places, name: str) -> SavedView:
    """Raises InputError where there is none, DltuiError where it cannot be used."""
    path = _path(places, name)
    try:
        data = files.read_json(path, limit=SIZE_LIMIT)
    except CorruptRun as error:
        raise DltuiError(f"The view {name} cannot be used: {error.message}") from error
    if data is None:
        known = ", ".join(names(places))
        raise InputError(
            f"There is no view {name[:80]!r}.",
            f"There are: {known[:300]}." if known else "V in the app saves one.",
        )
    version = data.get("version", 1)
    if type(version) is not int or version > VERSION:
        raise DltuiError(
            f"The view {name} was saved by a newer dltui.", "Update dltui to open it; it stays as it is."
        )
    known_fields = to_json(SavedView())
    unknown = {one: value for one, value in data.items() if one not in known_fields}
    return replace(fitting(data, SavedView), unknown=unknown)


def write(places: Places, name: str, view: SavedView) -> None:
    """Create or replace a view. Raises InputError for a name, DltuiError where it cannot be written."""
    path = _path(places, name)
    if path.exists():
        view = replace(view, unknown=read(places, name).unknown)  # one of a newer version is kept
    elif len(names(places)) >= VIEWS_LIMIT:
        raise DltuiError(f"There are {VIEWS_LIMIT} views, which is the most.", "Remove one.")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write_json(path, to_json(view))
    except OSError as error:
        raise DltuiError(f"{path} cannot be written: {error.strerror or error}.") from error


def remove(places: Places, name: str) -> None:
    """Raises DltuiError where it cannot be removed."""
    try:
        _path(places, name).unlink(missing_ok=True)
    except OSError as error:
        raise DltuiError(f"The view {name} cannot be removed: {error.strerror or error}.") from error


def _path(places: Places, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise InputError(
            f"view: expected up to 64 letters, digits, spaces and . _ -, a letter or digit first, "
            f"got {name[:80]!r}."
        )
    return places.views / f"{name}.json"


def field_of(column: str) -> str:
    """The field of a column: val_loss of val_loss:14."""
    name, _, width = column.rpartition(":")
    return name if name and width.isdecimal() else column


def description(view: SavedView) -> str:
    """What it shows, in one line."""
    order = "" if (view.sort, view.descending) == ("created", True) else f"by {view.sort}"
    columns = ", ".join(map(field_of, view.columns))
    groups = "in groups" if view.grouped else ""
    return "; ".join(filter(None, (view.where or "all runs", groups, order, columns)))
