"""The run table with groups: which rows there are, their statistics, order, filter and pages."""

from __future__ import annotations

import dataclasses
import json
import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.protocol import Best, RunSummary
from engine.run_groups import group_of
from engine.service.index.filter_parser import FilterError
from engine.service.index.group_rows import statistics_of
from engine.service.index.index import Index, open_in_memory
from engine.service.index.index_rows import IndexWindow, row_of
from engine.table_protocol import GroupRow, GroupStatistics, Query
from tests.engine.service.rows import a_summary


def run(name: str, number: int, lr: float, seed: int, loss: float | None, **facts: object) -> RunSummary:
    made = a_summary(name, **facts)  # type: ignore[arg-type]
    spec = dataclasses.replace(made.spec, number=number, params={"lr": lr}, seed=seed)
    metrics = {} if loss is None else {"loss": loss}
    best = None if loss is None else Best("loss", loss, 10)
    return dataclasses.replace(made, spec=spec, metrics=metrics, best=best)


RUNS = (
    run("a", 1, 0.1, 1, 0.5), run("b", 2, 0.2, 1, 0.2), run("c", 3, 0.1, 2, 0.7), run("d", 4, 0.3, 1, 0.1),
    run("e", 5, 0.2, 2, math.nan), run("f", 6, 0.1, 3, 0.3, status="running"),
)  # fmt: skip
LOW, MIDDLE, HIGH = (group_of(RUNS[place]) for place in (0, 1, 3))
"""the groups of lr 0.1 (a, c, f), 0.2 (b, e) and 0.3 (d)"""


def filled(*runs: RunSummary) -> Index:
    index = open_in_memory()
    index.put([row_of(one, {}) for one in runs])
    return index


def page(where: str = "", **query: object) -> IndexWindow:
    return filled(*RUNS).page(Query(where, **{"group": "config", **query}))  # type: ignore[arg-type]


def names(window: IndexWindow) -> list[str]:
    """Rows in order: of a group its number of runs, of a run its letter."""
    groups = {row.place: row for row in window.groups}
    letters = [json.loads(body)["name"].removeprefix("run-") for body in window.summaries]
    return [str(groups[place].count) if place in groups else letter for place, letter in enumerate(letters)]


def test_a_group_is_one_row_with_count_mean_and_deviation_of_its_runs() -> None:
    found = page(statistics=("loss",))
    assert (found.matching, found.total, found.length) == (6, 6, 3)
    newest = [json.loads(body)["name"] for body in found.summaries]
    assert newest == ["run-f", "run-e", "run-d"], "by the newest run"
    spread = statistics.stdev((0.5, 0.7, 0.3))
    expected = GroupStatistics(3, pytest.approx(0.5), pytest.approx(spread), 0.3, 0.7)
    assert found.groups[0] == GroupRow(
        0, LOW, 3, {"running": 1, "done": 2}, expected, "loss", {"loss": expected}
    )
    assert found.groups[1].metrics["loss"] == GroupStatistics(1, 0.2, None, 0.2, 0.2), "NaN is no value"
    assert found.groups[2].best == GroupStatistics(1, 0.1, None, 0.1, 0.1), "a group of one has no deviation"


@pytest.mark.parametrize(
    ("sort", "descending", "expected"),
    [
        ("created", False, [HIGH, MIDDLE, LOW]), ("loss", False, [HIGH, MIDDLE, LOW]),
        ("best", True, [LOW, MIDDLE, HIGH]), ("count", True, [LOW, MIDDLE, HIGH]),
        ("spread", False, [LOW, MIDDLE, HIGH]), ("lr", True, [HIGH, MIDDLE, LOW]),
        ("name", False, [LOW, MIDDLE, HIGH]), ("nowhere", True, [LOW, MIDDLE, HIGH]),
    ],
)  # fmt: skip
def test_groups_are_sorted_by_the_mean_of_a_number_and_come_last_without_one(
    sort: str, descending: bool, expected: list[str]
) -> None:
    assert [row.id for row in page(sort=sort, descending=descending).groups] == expected


def test_a_filter_leaves_runs_out_before_they_are_grouped() -> None:
    found = page("loss>0.4", statistics=("loss", "lr"))
    assert [(row.id, row.count) for row in found.groups] == [(LOW, 2)]
    assert found.groups[0].metrics["lr"].mean == pytest.approx(0.1), "a parameter has a mean too"
    assert page("name=nobody").groups == ()


def test_the_runs_of_a_group_are_found_by_its_id() -> None:
    index = filled(*RUNS)
    assert len(index.page(Query(f"config={LOW}")).summaries) == 3
    assert len(index.page(Query(f"config!={LOW} and lr>0.2")).summaries) == 1


def test_the_runs_of_an_open_group_follow_its_row_in_the_order_of_the_table() -> None:
    opened = page(open_groups=(LOW, HIGH), sort="loss", descending=False)
    assert names(opened) == ["1", "2", "3", "f", "a", "c"], "a group of one has no other row"
    assert [row.is_open for row in opened.groups] == [False, False, True] and opened.length == 6


@settings(max_examples=25)
@given(st.integers(0, 9), st.integers(0, 9))
def test_pages_are_windows_on_the_same_rows(offset: int, limit: int) -> None:
    opened = {"open_groups": (LOW, MIDDLE), "sort": "best"}
    whole, part = names(page(**opened)), page(offset=offset, limit=limit, **opened)
    assert names(part) == whole[offset : offset + limit] and part.length == len(whole)


def test_runs_are_grouped_by_any_fields() -> None:
    found = page(group="experiment")
    assert [(json.loads(row.id), row.count) for row in found.groups] == [("xor", 6)]
    both = page(group="status, lr", sort="count").groups
    assert [(json.loads(row.id), row.count) for row in both] == [
        (["done", 0.2], 2), (["done", 0.1], 2), (["running", 0.1], 1), (["done", 0.3], 1)
    ]  # fmt: skip
    assert page(group="nowhere").unknown == ("nowhere",)
    for group in (",", "a b", ",".join("abcdefghi")):
        with pytest.raises(FilterError):
            page(group=group)


def test_values_far_apart_or_infinite_leave_the_mean_of_the_others() -> None:
    assert statistics_of((1e308, 1e308, "inf", None, "text")).mean == 1e308
    assert statistics_of((math.inf, math.nan)) == GroupStatistics(0)
    assert statistics_of((3.0,)) == GroupStatistics(1, 3.0, None, 3.0, 3.0)
