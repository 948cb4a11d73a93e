"""The table of trials: the filter against plain Python, groups against NumPy, and its speed."""

from __future__ import annotations

import math
import random
import time

import numpy as np
import pytest

from engine.service.index.filter_parser import FilterError
from engine.service.sweeps import query_trials
from engine.sweep_protocol import TrialQuery, TrialRow, TrialStatus
from tests.fakes.sweeps import make_trial


def many(count: int) -> list[TrialRow]:
    chance = random.Random(1)
    found = []
    for number in range(1, count + 1):
        loss = chance.choice([chance.random(), math.nan, chance.random()])
        done = not math.isnan(loss)
        found.append(
            make_trial(
                number, config=(number + 2) // 3, seed=number % 3 + 1, value=loss if done else None,
                status=TrialStatus.DONE if done else TrialStatus.FAILED,
                params={"lr": 10 ** chance.uniform(-4, 0), "hidden": chance.randint(1, 4),
                        "activation": chance.choice(["btu", "tanh"]), "bypass": chance.random() < 0.5},
                metrics={"val_loss": loss, "accuracy": chance.random()},
            )
        )  # fmt: skip
    return found


ROWS = many(600)


@pytest.mark.parametrize(
    ("where", "test"),
    [
        ("val_loss<0.1 and lr>=0.01", lambda r: r.metrics["val_loss"] < 0.1 and r.params["lr"] >= 0.01),
        ("hidden=2 or hidden>3", lambda r: r.params["hidden"] == 2 or r.params["hidden"] > 3),
        ("not activation=tanh", lambda r: r.params["activation"] != "tanh"),
        ("bypass=yes", lambda r: r.params["bypass"] is True),
        ("bypass!=on", lambda r: r.params["bypass"] is False),
        (
            "activation~^t.*h$ params.hidden~[23]",
            lambda r: r.params["activation"] == "tanh" and r.params["hidden"] in (2, 3),
        ),
        ("activation!~/^(t|x)/", lambda r: r.params["activation"] == "btu"),
        ("state=failed", lambda r: r.status is TrialStatus.FAILED),
        ("status=failed", lambda r: r.status is TrialStatus.FAILED),
        ("best<0.5", lambda r: r.value is not None and r.value < 0.5),
        ("not val_loss<0.5", lambda r: not r.metrics["val_loss"] < 0.5),
        ("tanh (seed=1 or seed=2)", lambda r: r.params["activation"] == "tanh" and r.seed in (1, 2)),
        ("", lambda r: True),
    ],
)
def test_a_filter_finds_what_plain_python_finds(where: str, test: object) -> None:
    assert callable(test)
    found = query_trials.page(ROWS, TrialQuery(where, limit=1000), largest=False)
    assert [row.trial for row in found.rows] == [row.trial for row in ROWS if test(row)]
    assert (found.matching, found.total) == (len(found.rows), len(ROWS))


@pytest.mark.parametrize("sort", ["value", "lr", "val_loss", "activation", "status", "hidden", "bypass"])
@pytest.mark.parametrize("descending", [False, True])
def test_a_sort_keeps_all_rows_and_those_without_a_value_come_last(sort: str, descending: bool) -> None:
    found = query_trials.sorted_rows(ROWS, sort, descending)
    assert sorted(row.trial for row in found) == [row.trial for row in ROWS]
    values = [query_trials.field_value(row, sort) for row in found]
    known = [value for value in values if value is not None and value == value]
    assert values[: len(known)] == known
    if sort != "status":
        assert known == sorted(known, reverse=descending)


def test_groups_have_the_mean_and_the_spread_of_their_values() -> None:
    page = query_trials.page(ROWS, TrialQuery(group="hidden,activation", limit=1000), largest=False)
    assert len(page.groups) == 8 and page.matching == 8
    for group in page.groups:
        values = [
            row.value for row in ROWS
            if row.value is not None and all(row.params[name] == value for name, value in group.key.items())
        ]  # fmt: skip
        assert group.valued == len(values) <= group.count
        assert group.mean == pytest.approx(np.mean(values)) and group.best is not None
        assert group.spread == pytest.approx(np.std(values, ddof=1))
        assert group.best.value == min(values)
    bests = [group.best.value for group in page.groups if group.best]
    assert bests == sorted(bests)


def test_pages_together_are_the_whole_table() -> None:
    query = TrialQuery(sort="lr", descending=True, limit=70)
    parts = [
        query_trials.page(ROWS, TrialQuery("", "lr", True, at, 70), largest=False).rows
        for at in range(0, 600, 70)
    ]
    assert [row for part in parts for row in part] == query_trials.sorted_rows(ROWS, query.sort, True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (TrialQuery("val_loss<"), "expected a value after val_loss<"),
        (TrialQuery("width>3"), "filter: expected one of the fields of the trials, got 'width'."),
        (TrialQuery(sort="width"), "sort: expected one of the fields"),
        (TrialQuery(group="hidden,width"), "group: expected one of the fields"),
        (TrialQuery("lr<few"), "expected a number after lr<, got 'few'"),
        (TrialQuery("(" * 30), "nested deeper"),
    ],
)
def test_invalid_filters_and_fields_are_refused(query: TrialQuery, expected: str) -> None:
    with pytest.raises(FilterError) as refused:
        query_trials.page(ROWS, query, largest=False)
    assert expected in str(refused.value)


def test_ten_thousand_trials_are_filtered_sorted_and_grouped_within_a_second() -> None:
    rows, times = many(10_000), []
    for _ in range(3):
        began = time.process_time()
        query_trials.page(rows, TrialQuery("val_loss<0.5 and lr>=0.001", "val_loss"), largest=False)
        query_trials.page(rows, TrialQuery(group="config", sort="mean"), largest=False)
        times.append(time.process_time() - began)
    assert min(times) < 1.0


@pytest.mark.parametrize("text", ["20241129", "007", "1e3", "nan", "true"])
def test_a_text_parameter_that_looks_like_a_number_is_compared_as_text(text: str) -> None:
    rows = [make_trial(1, params={"corpus": text}), make_trial(2, params={"corpus": "other"})]
    query = TrialQuery(f"corpus={text}")
    assert [row.trial for row in query_trials.page(rows, query, largest=False).rows] == [1]


@pytest.mark.parametrize("sort", ["best_trial", "lr", "accuracy", "value", "mean", "count"])
@pytest.mark.parametrize("descending", [False, True])
def test_groups_are_in_the_order_of_the_column_they_are_sorted_by(sort: str, descending: bool) -> None:
    """The values below the arrow of a header are sorted."""
    query = TrialQuery(group="hidden,activation", sort=sort, descending=descending)
    groups = query_trials.page(ROWS, query, largest=True).groups
    column = {
        "best_trial": lambda group: group.best.trial, "lr": lambda group: group.best.params["lr"],
        "accuracy": lambda group: group.best.metrics["accuracy"], "value": lambda group: group.best.value,
        "mean": lambda group: group.mean, "count": lambda group: group.count,
    }[sort]  # fmt: skip
    values = [column(group) for group in groups]
    assert values == sorted(values, reverse=descending) and len(values) == 8
