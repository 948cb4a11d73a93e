"""All combinations of files of a run, damages and types of fields: reading gives a value or one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import events, store
from engine.errors import CorruptRun
from engine.places import Places
from engine.store import RunFolder
from tests import damage
from tests.chaos import scaled
from tests.damage import Damage
from tests.engine.service.runs.test_damaged_runs import JSON_FILES, done_run

READERS: dict[str, Callable[[RunFolder], Any]] = {
    "spec.json": store.read_spec,
    "amended.json": store.read_spec,
    "exit.json": store.read_exit,
    "keeper.json": store.read_keeper,
    "wanted.json": store.read_wanted,
    "events.jsonl": lambda folder: list(events.replay(folder.events)),
}
FLIPS = 2000


def _every(file: str) -> Iterator[Damage]:
    yield from damage.of_a_file(flips=scaled(FLIPS))
    for name in JSON_FILES.get(file, {}):
        for number, odd in enumerate((*damage.ODD_VALUES, 10**400, "\ud800", "x" * 100_000)):
            yield Damage(f"{name}-{number}", _with(name, odd), is_harmless=True)


def _with(name: str, odd: Any) -> Callable[[Path], None]:
    def do(path: Path) -> None:
        path.write_text(json.dumps({**json.loads(path.read_bytes()), name: odd}))

    return do


@pytest.mark.slow
@pytest.mark.parametrize("file", READERS)
def test_every_damage_to_every_file_ends_in_a_value_or_in_one_line(places: Places, file: str) -> None:
    whole = done_run(places, "20260101-000000-xor-aaaa")
    kept = (whole / file).read_bytes()
    folder = RunFolder(whole)
    for one in _every(file):
        damage.remove(whole / file)
        (whole / file).write_bytes(kept)
        one.do(whole / file)
        try:
            READERS[file](folder)
        except CorruptRun as error:
            assert "\n" not in error.message and str(whole) in error.message, one.name
    shutil.rmtree(whole)
