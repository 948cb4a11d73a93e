"""The run of a prediction: anew where its budget allows, else what came of one of before, and it says so.

What came of the newest run for each drawn number is kept in `learn/runs/ITEM.json`. A budget is time spent in
computing. Where nothing is kept a run that takes longer goes to its end.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from engine.aids.computing_in_parts import Pieces
from engine.aids.result import finite
from engine.course.items import PredictItem
from engine.course.questions import Computed, Question, computing
from engine.errors import CorruptRun, DltuiError
from engine.files import read_typed, write_json
from engine.places import make_private
from engine.typed_json import Number, to_json

KEPT = 8
"""runs of an item, of different numbers"""
DATA_LIMIT = 20_000
"""most bytes of a kept drawing"""


@dataclass(frozen=True, slots=True)
class ComputedKey:
    computed: Computed
    seconds: float
    """spent in computing"""
    stored: str = ""
    """day on which it ran, where it is kept from before"""


@dataclass(frozen=True, slots=True)
class StoredPrediction:
    day: str
    rev: int
    drawn: Mapping[str, Any]
    seconds: float
    key: Any
    values: Mapping[str, Number]
    data: Mapping[str, Any]

    @property
    def computed(self) -> Computed:
        key = tuple(self.key) if isinstance(self.key, list) else self.key
        return Computed(key, dict(self.values), dict(self.data))


@dataclass(frozen=True, slots=True)
class StoredPredictions:
    runs: Sequence[StoredPrediction] = field(default_factory=tuple)
    """newest last"""


def running(
    learn: Path,
    item_id: str,
    asked: Question,
    today: date,
    clock: Callable[[], float] = time.monotonic,
) -> Pieces[ComputedKey]:
    """Raises InputError or ParamError where the aid refuses the parameters."""
    item, kept = asked.item, None
    assert isinstance(item, PredictItem)
    kept = next((run for run in read_runs(learn, item_id) if _fits(run, asked)), None)
    if kept is not None and kept.seconds > item.budget_s:
        return ComputedKey(kept.computed, kept.seconds, kept.day)
    pieces, spent = computing(asked), 0.0
    while True:
        started = clock()
        try:
            done = next(pieces)
        except StopIteration as end:
            made = ComputedKey(end.value, spent + clock() - started)
            _keep(learn, item_id, asked, made, today)
            return made
        spent += clock() - started
        if kept is not None and spent > item.budget_s:
            return ComputedKey(kept.computed, kept.seconds, kept.day)
        yield done


def read_runs(learn: Path, item_id: str) -> tuple[StoredPrediction, ...]:
    """What is kept; nothing where it cannot be read: it can be run."""
    try:
        found = read_typed(_path(learn, item_id), StoredPredictions)
    except (CorruptRun, OSError):
        return ()
    return tuple(found.runs) if found is not None else ()


def _path(learn: Path, item_id: str) -> Path:
    return learn / "runs" / f"{item_id.replace(':', '-')}.json"


def _fits(run: StoredPrediction, asked: Question) -> bool:
    return run.rev == asked.item.rev and dict(run.drawn) == asked.drawn


def _keep(learn: Path, item_id: str, asked: Question, made: ComputedKey, today: date) -> None:
    """A home that cannot be written keeps none: the run has been seen."""
    found = made.computed
    data = finite(found.data)
    data = data if len(json.dumps(data)) <= DATA_LIMIT else {}
    new = StoredPrediction(
        today.isoformat(), asked.item.rev, asked.drawn, made.seconds, found.key, found.values, data
    )
    others = [run for run in read_runs(learn, item_id) if not _fits(run, asked)]
    with contextlib.suppress(OSError, ValueError, DltuiError):
        make_private(learn)
        make_private(learn / "runs")
        kept = [run for run in others if run.rev == new.rev][1 - KEPT :]
        write_json(_path(learn, item_id), to_json(StoredPredictions((*kept, new))))
