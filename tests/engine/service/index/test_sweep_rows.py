"""The run table with a sweep as one row: its rows, their order and its pages."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import Cause, CauseKind, RunSummary, Stopped
from engine.service.index.index import Index, open_in_memory, open_index
from engine.service.index.index_rows import IndexWindow, row_of
from engine.service.index.page_queries import group_trials
from engine.table_protocol import Query, SweepRow
from tests.engine.service.rows import a_summary

TPE = "20260101-000000-xor-sweep-aaaa"
GRID = "20260101-000001-xor-sweep-bbbb"


def run(name: str, number: int, sweep: str = "", **facts: object) -> RunSummary:
    made = a_summary(name, **facts)  # type: ignore[arg-type]
    return dataclasses.replace(made, spec=dataclasses.replace(made.spec, number=number, sweep=sweep))


def filled(*runs: RunSummary) -> Index:
    index = open_in_memory()
    index.put([row_of(one, {}) for one in runs])
    return index


def names(window: IndexWindow) -> list[str]:
    """Rows in order: the letter of a run, the last four digits of a sweep."""
    rows = [json.loads(body)["name"].removeprefix("run-") for body in window.summaries]
    for sweep in window.sweeps:
        rows.insert(sweep.place, sweep.id[-4:])
    return rows


def table() -> Index:
    """a; b, d, e of one sweep; c; f, g of another one; h: in the order of submission."""
    sweeps = {"b": TPE, "d": TPE, "e": TPE, "f": GRID, "g": GRID}
    return filled(*(run(name, number, sweeps.get(name, "")) for number, name in enumerate("abcdefgh", 1)))


def page(index: Index, *opened: str, **query: object) -> IndexWindow:
    return index.page(Query(by_sweep=True, open_sweeps=opened, **query))  # type: ignore[arg-type]


def test_a_sweep_is_one_row_at_the_place_of_its_first_trial() -> None:
    index = table()
    newest = page(index)
    assert names(newest) == ["h", "bbbb", "aaaa", "c", "a"]
    assert (newest.matching, newest.total, newest.length) == (8, 8, 5)
    assert names(page(index, descending=False)) == ["a", "aaaa", "c", "bbbb", "h"]
    assert names(page(index, sort="name", descending=False)) == ["a", "aaaa", "c", "bbbb", "h"]
    assert names(index.page(Query())) == list("hgfedcba"), "who does not ask for it gets every run"


def test_the_trials_of_an_open_sweep_follow_its_row() -> None:
    found = page(table(), TPE)
    assert names(found) == ["h", "bbbb", "aaaa", "e", "d", "b", "c", "a"] and found.length == 8
    assert [row.is_open for row in found.sweeps] == [False, True]


@pytest.mark.parametrize("opened", [(), (TPE,), (TPE, GRID)])
@pytest.mark.parametrize("where", ["", "run"])
def test_pages_are_windows_on_the_same_rows(opened: tuple[str, ...], where: str) -> None:
    index = table()
    whole = names(page(index, *opened, where=where))
    parts = [names(page(index, *opened, where=where, offset=at, limit=3)) for at in range(0, 12, 3)]
    assert [row for part in parts for row in part] == whole


def test_a_row_counts_its_trials_by_status_and_has_the_newest_time() -> None:
    pruned = run("e", 4, TPE)
    cause = Cause(CauseKind.PRUNED, "worse than half")
    pruned = dataclasses.replace(pruned, state=Stopped(9.0, cause))
    index = filled(run("b", 2, TPE), run("d", 3, TPE, status="running"), pruned)
    newest = pruned.spec.created_at
    assert page(index).sweeps == (SweepRow(0, TPE, "xor", 3, {"done": 1, "pruned": 1, "running": 1}, newest),)


def test_a_filter_that_matches_some_trials_shows_them() -> None:
    index = filled(run("a", 1), run("b", 2, TPE), run("c", 3, TPE, status="running"), run("d", 4, TPE))
    assert names(page(index, where="xor")) == ["aaaa", "a"], "all of them pass: it stays one row"
    assert names(page(index, where="running")) == ["c"]
    assert names(page(index, where="done")) == ["d", "b", "a"]
    assert names(page(index, where=f"sweep={TPE}")) == ["d", "c", "b"]
    assert names(page(index, where="trial>=0 xor")) == ["d", "c", "b", "a"]
    assert page(index, where="done").matching == 3


def test_a_sweep_of_one_run_is_that_run() -> None:
    index = filled(run("a", 1), run("b", 2, TPE))
    assert names(page(index)) == ["b", "a"]


def test_a_row_is_right_after_a_trial_was_removed(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    trials = [run("b", 2, TPE), run("d", 3, TPE), run("e", 4, TPE)]
    index.put([row_of(one, {}) for one in trials])
    index.drop([trials[2].id])
    (row,) = page(index).sweeps
    assert (row.trials, row.counts) == (2, {"done": 2})


@given(
    st.lists(st.sampled_from(["", "x", "y", "z"]), max_size=30),
    st.sets(st.sampled_from(["x", "y", "z"])),
    st.data(),
)
def test_every_run_is_a_row_or_counted_by_one(
    sweeps: list[str], opened: set[str], data: st.DataObject
) -> None:
    """Each run is a row or counted by the row of its sweep, and the order is kept."""
    runs = list(enumerate(sweeps))
    found = [one for one in runs if data.draw(st.booleans())]
    sizes: Mapping[str, int] = {sweep: sweeps.count(sweep) for sweep in set(sweeps) - {""}}
    rows = group_trials(found, sizes, opened)
    whole = {sweep for sweep in sizes if [one for one in found if one[1] == sweep] and all(
        one in found for one in runs if one[1] == sweep)}  # fmt: skip
    assert sorted(row for row in rows if isinstance(row, str)) == sorted(whole)
    shown = [row for row in rows if isinstance(row, int)]
    assert sorted(shown) == [number for number, sweep in found if sweep not in whole - opened]
    firsts = [next(n for n, s in found if s == row) if isinstance(row, str) else row for row in rows]
    tops = [first for first, row in zip(firsts, rows, strict=True)
            if isinstance(row, str) or dict(runs)[row] not in whole]  # fmt: skip
    assert tops == sorted(tops)
