"""A key of the app, and the scopes in which keys are active."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tui.tabs import TABS, TabName

Inner = Literal[
    "table", "chart", "pane", "weights", "sketches", "rungs", "lanes", "nine", "sweeps", "trials", "axes",
    "data", "networks", "confusion", "pictures", "filters", "pad", "transcript"
]  # fmt: skip
"""parts of a tab with keys that are active while they have the focus"""
Modal = Literal["filter", "form", "dialog", "prompt", "home"]
"""where letters are typed text, so that no key of another scope is active"""
Scope = Literal["app"] | TabName | Inner | Modal

OWNERS: dict[Scope, tuple[TabName, ...]] = {
    "table": ("runs",),
    "chart": ("runs",),
    "pane": tuple(entry.name for entry in TABS),
    "weights": ("xor",),
    "sketches": ("xor",),
    "rungs": ("xor",),
    "nine": ("xor",),
    "lanes": ("xor",),
    "sweeps": ("sweep",),
    "trials": ("sweep",),
    "axes": ("sweep",),
    "data": ("mnist",),
    "networks": ("mnist",),
    "confusion": ("mnist",),
    "pictures": ("mnist",),
    "filters": ("mnist",),
    "pad": ("mnist",),
    "transcript": ("repl",),
}
"""the tabs that contain an inner scope"""

GROUPS: dict[Scope, str] = {
    "app": "Everywhere",
    **{entry.name: entry.title for entry in TABS},
    "table": "Table",
    "chart": "Chart",
    "pane": "Details",
    "weights": "Weights",
    "sketches": "Trained",
    "rungs": "Architectures",
    "nine": "Nine experiments",
    "lanes": "Failure map",
    "sweeps": "Sweeps",
    "trials": "Trials",
    "axes": "Pictures of a sweep",
    "data": "Data",
    "networks": "Networks",
    "confusion": "Confusion matrix",
    "pictures": "Pictures",
    "filters": "Filters",
    "pad": "Drawing",
    "transcript": "Transcript",
    "filter": "Filter",
    "form": "Form",
    "dialog": "Dialog",
    "home": "Home folder",
    "prompt": "Prompt",
}


@dataclass(frozen=True, slots=True)
class Key:
    """`label` is its text in the footer, `rank` its order there; 0: not in the footer."""

    id: str
    key: str
    action: str
    label: str
    help: str
    scope: Scope
    rank: int = 0
    group: str = ""

    @property
    def heading(self) -> str:
        return self.group or GROUPS[self.scope]


def inside(scope: Scope, tab: TabName = "runs") -> tuple[Scope, ...]:
    """The scopes that are active where `scope` has the focus in `tab`, the innermost first."""
    if scope in ("filter", "form", "dialog", "prompt", "home", "app"):
        return (scope,)
    return (scope, tab, "app") if scope in OWNERS else (scope, "app")


def overlaps(first: Scope, second: Scope) -> bool:
    """Whether both scopes can be active at once."""
    return _reaches(first, second) or _reaches(second, first)


def _reaches(outer: Scope, inner: Scope) -> bool:
    return any(outer in inside(inner, tab) for tab in OWNERS.get(inner, ("runs",)))
