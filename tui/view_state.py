"""The view state of the app: saved to a file, restored at the next start."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from engine import files
from engine.errors import CorruptRun
from engine.protocol import SPEC_VERSION, current_experiment, is_current, upgrade_form_texts

T = TypeVar("T")

MARKS_LIMIT = 128
OPEN_SWEEPS_LIMIT = 64
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
    open_sweeps: list[str] = field(default_factory=list)
    """ids of those whose trials are shown below their row in the run table"""
    pane: str = "curves"
    metric: str = ""
    full: bool = False
    focus: str = ""
    chart: dict[str, Any] = field(default_factory=dict)
    last_params: dict[str, Any] = field(default_factory=dict)
    """experiment -> what was typed into its form last"""
    last_experiment: str = ""
    views: dict[str, Any] = field(default_factory=dict)
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
    state = ViewState()
    for known in fields(ViewState):
        given, usual = data.get(known.name), getattr(state, known.name)
        if type(given) is type(usual):
            setattr(state, known.name, given)
    state.marks = [mark for mark in state.marks if isinstance(mark, str)][:MARKS_LIMIT]
    opened = [sweep for sweep in state.open_sweeps if isinstance(sweep, str)]
    state.open_sweeps = opened[-OPEN_SWEEPS_LIMIT:]
    state.views = {name: given for name, given in state.views.items() if isinstance(given, dict)}
    state.last_params = {name: given for name, given in state.last_params.items() if isinstance(given, dict)}
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
    files.write_bytes(path, json.dumps(asdict(state)).encode(), sync=False)
