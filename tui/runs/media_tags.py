"""What several runs have logged beside numbers: their tags, and the steps of each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.session_protocol.media import LoggedMedia

KINDS = ("image", "text", "table", "histogram")


@dataclass(frozen=True, slots=True)
class TagOfRuns:
    """One tag of one kind."""

    kind: str
    tag: str
    by_run: Mapping[str, Sequence[int]]
    """the steps of each run that has it, rising"""
    steps: Sequence[int]
    """those of any run"""

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.tag

    def at(self, run: str, step: int) -> int | None:
        """The newest step of a run at `step` or before; None where there is none."""
        return newest(self.by_run.get(run, ()), step)

    def place_of(self, step: int) -> int:
        """The index of the newest of all steps at `step` or before, else of the first."""
        return max(0, bisect_right(self.steps, step) - 1)


def newest(steps: Sequence[int], step: int) -> int | None:
    place = bisect_right(steps, step)
    return steps[place - 1] if place else None


def tags_of(logged: Mapping[str, LoggedMedia]) -> list[TagOfRuns]:
    """By kind, then in the order in which they were logged first, the first run before the others."""
    by_key: dict[tuple[str, str], dict[str, Sequence[int]]] = {}
    for run, media in logged.items():
        for one in media.series:
            if one.steps:
                by_key.setdefault((one.kind, one.tag), {})[run] = one.steps
    found = [
        TagOfRuns(kind, tag, by_run, sorted(set().union(*by_run.values())))
        for (kind, tag), by_run in by_key.items()
    ]
    return sorted(found, key=lambda one: KINDS.index(one.kind) if one.kind in KINDS else len(KINDS))
