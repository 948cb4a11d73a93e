"""The view state of the app: saved to a file, restored at the next start."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from engine import files
from engine.errors import CorruptRun
from engine.protocol import SPEC_VERSION, current_experiment, fitting, is_current, to_json, upgrade_form_texts

T = TypeVar("T")

MARKS_LIMIT = 256
OPEN_SWEEPS_LIMIT = 64
GRIDS_LIMIT = 100
SIZE_LIMIT = 1_000_000


@dataclass(slots=True)
class ViewState:
    """Every field has a default, so that files of older versions can be read."""

    version: int = SPEC_VERSION
    """spec version that `last_params` were typed for"""
    tab: str = "runs"
    theme: str = ""
    selected: str = ""
    marks: list[str] = field(default_factory=list)
    baseline: str = ""
    where: str = ""
    sort: str = "created"
    descending: bool = True
    columns: list[str] = field(default_factory=list)
    """those of the run table that the user chose, as name or name:width; none: by the room there is"""
    open_sweeps: list[str] = field(default_factory=list)
    """ids of those whose trials are shown below their row in the run table"""
    grouped: bool = False
    """whether runs that differ in the seed alone are one row of the run table, and one curve"""
    open_groups: list[str] = field(default_factory=list)
    """ids of those whose runs are shown below their row"""
    pane: str = "curves"
    metric: str = ""
    full: bool = False
    focus: str = ""
    chart: dict[str, Any] = field(default_factory=dict)
    grid: bool = False
    """whether all metrics are shown as small charts"""
    grids: dict[str, dict[str, Any]] = field(default_factory=dict)
    """experiment -> which of its charts are shown, as JSON"""
    last_params: dict[str, dict[str, Any]] = field(default_factory=dict)
    """experiment -> what was typed into its form last"""
    last_experiment: str = ""
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    """tab -> its own state, as JSON"""
    dismissed: str = ""
    """text of the doctor's finding that was dismissed"""

    def last_typed(self, form: str) -> dict[str, str]:
        """The texts last typed into the form of an experiment, or of `sweep EXPERIMENT`, by field."""
        return {name: str(text) for name, text in self.last_params.get(form, {}).items()}


def read(path: Path) -> ViewState:
    """The saved state; defaults for fields that are missing, damaged or of another type."""
    return read_or_explain(path)[0]


def read_or_explain(path: Path) -> tuple[ViewState, str]:
    """As `read`, and one line on why the file is not used; empty where it is."""
    try:
        data = files.read_json(path, limit=SIZE_LIMIT)
    except CorruptRun as error:
        return ViewState(), f"The saved view cannot be used and is reset: {error.message}"
    return (ViewState() if data is None else from_json(data)), ""


def saved_choice(saved: Mapping[str, Any], name: str, allowed: Container[str], default: T) -> str | T:
    """The saved value of `name` where it is allowed, else the default."""
    value = saved.get(name)
    return value if isinstance(value, str) and value in allowed else default


def from_json(data: Mapping[str, Any]) -> ViewState:
    state = fitting(data, ViewState)
    del state.marks[MARKS_LIMIT:], state.open_sweeps[:-OPEN_SWEEPS_LIMIT]
    del state.open_groups[:-OPEN_SWEEPS_LIMIT]
    for experiment in list(state.grids)[:-GRIDS_LIMIT]:
        del state.grids[experiment]
    if not is_current(data):
        state.last_params = {
            name: upgrade_form_texts(name.removeprefix("sweep "), given)
            for name, given in state.last_params.items()
        }
    state.last_params = {_current(name): given for name, given in state.last_params.items()}
    state.last_experiment = current_experiment(state.last_experiment)
    state.version = SPEC_VERSION
    return state


def _current(name: str) -> str:
    """The key of a remembered form, with the name of its experiment in the catalog."""
    sweep = "sweep " if name.startswith("sweep ") else ""
    return sweep + current_experiment(name.removeprefix("sweep "))


def write(path: Path, state: ViewState) -> None:
    """Replace the file atomically. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write_bytes(path, json.dumps(to_json(state)).encode(), sync=False)
