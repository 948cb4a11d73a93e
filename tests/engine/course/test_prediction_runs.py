"""A prediction runs anew where its budget allows; else what came of a run of before is used, and it is
said."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from engine.aids.computing_in_parts import Pieces, finish, in_slices
from engine.course import prediction_runs
from engine.course.deck import read_deck
from engine.course.items import PredictItem
from engine.course.prediction_runs import read_runs, running
from engine.course.questions import Computed, Question, with_values

TODAY, LATER = date(2026, 11, 30), date(2026, 12, 2)
ITEM = "l08.map.predict"
FOUND = read_deck().items[ITEM]


def computed_in_twelve_pieces(one: Question) -> Pieces[Computed]:
    for piece in range(12):
        yield piece / 12
    solved = 100.0 * one.params["hidden"]
    return Computed(solved, {"solved": solved, "least": math.inf}, {"cells": [[0.5, math.nan]]})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction_runs, "computing", computed_in_twelve_pieces)


def asked(hidden: int = 1, rev: int = 1) -> Question:
    assert isinstance(FOUND, PredictItem)
    return with_values(dataclasses.replace(FOUND, rev=rev), 5, {"hidden": hidden})


def seconds_a_piece(seconds: float) -> Iterator[float]:
    return itertools.count(0, seconds)


def test_what_came_of_a_run_is_kept_for_each_drawn_number(tmp_path: Path) -> None:
    made = finish(running(tmp_path / "learn", ITEM, asked(), TODAY))
    assert made.stored == "" and made.computed.key == 100
    [kept] = read_runs(tmp_path / "learn", ITEM)
    assert kept.computed.key == 100 and kept.computed.values == made.computed.values
    assert kept.computed.data == {"cells": [[0.5, None]]} and kept.day == "2026-11-30"
    finish(running(tmp_path / "learn", ITEM, asked(2), TODAY))
    finish(running(tmp_path / "learn", ITEM, asked(), LATER))
    assert [(run.day, run.drawn["hidden"]) for run in read_runs(tmp_path / "learn", ITEM)] == [
        ("2026-11-30", 2), ("2026-12-02", 1),
    ]  # fmt: skip


def test_a_run_over_its_budget_gives_way_to_one_of_before(tmp_path: Path) -> None:
    finish(running(tmp_path, ITEM, asked(), TODAY))
    slow = seconds_a_piece(1.0).__next__
    pieces = running(tmp_path, ITEM, asked(), LATER, slow)
    begun = [next(pieces) for _ in range(10)]
    with pytest.raises(StopIteration) as ended:
        next(pieces)
    assert len(begun) == 10 and ended.value.value.stored == "2026-11-30"
    other = finish(running(tmp_path, ITEM, asked(), LATER))
    assert other.stored == ""  # it was fast when it ran, so it is tried


def test_a_run_that_took_longer_than_its_budget_is_not_tried_where_its_numbers_are_kept(
    tmp_path: Path,
) -> None:
    long = finish(running(tmp_path, ITEM, asked(), TODAY, seconds_a_piece(1.0).__next__))
    assert long.stored == "" and long.seconds > 10  # there was none of before: it went to its end
    again = running(tmp_path, ITEM, asked(), LATER)
    with pytest.raises(StopIteration) as ended:
        next(again)
    assert ended.value.value.stored == "2026-11-30"
    assert finish(running(tmp_path, ITEM, asked(2), LATER)).stored == ""
    assert finish(running(tmp_path, ITEM, asked(rev=2), LATER)).stored == ""


@pytest.mark.parametrize("damage", [b"", b"{", b'{"runs": 3}', b'{"runs": [{"day": 1}]}'])
def test_a_damaged_file_is_as_none(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "learn" / "runs" / f"{ITEM}.json"
    path.parent.mkdir(parents=True, mode=0o700)
    path.parent.parent.chmod(0o700)
    path.write_bytes(damage)
    assert finish(running(tmp_path / "learn", ITEM, asked(), TODAY)).stored == ""
    assert json.loads(path.read_text())["runs"][0]["day"] == "2026-11-30"


def test_pieces_are_put_together_to_slices_of_time() -> None:
    def ten() -> Pieces[str]:
        for number in range(1, 11):
            yield number / 10
        return "made"

    sliced = in_slices(ten(), 2.5, seconds_a_piece(1.0).__next__)
    found = []
    with pytest.raises(StopIteration) as ended:
        while True:
            found.append(next(sliced))
    assert found == [0.3, 0.6, 0.9] and ended.value.value == "made"
    assert list(in_slices(ten(), 100)) == []
