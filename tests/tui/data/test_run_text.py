"""A run as text."""

from __future__ import annotations

import math
import time

import pytest

from engine.protocol import Cause, CauseKind, Paused, Queued, RunSummary
from tests.fakes.engine import done, failed, make_run
from tui.data.run_text import age_of, ago, name_of, number_span, params_of, progress_or_status
from tui.ui.span import row_text, row_width


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (make_run(1, step=250, rate=10.0), "25%   1:15"),
        (make_run(1, step=7, total_steps=0), "step 7"),
        (make_run(1, total_steps=0), "starting"),
        (make_run(1, state=Queued("waits for a slot")), "queued for a slot"),
        (make_run(1, state=done(), train_seconds=72), "done in 1:10"),
        (make_run(1, state=done(), damage="events.jsonl is empty"), "done events.jsonl is empty"),
        (make_run(1, step=100, state=Paused(1.0, Cause(CauseKind.PAUSED, "x"))), "paused at 10%"),
        (make_run(1, attempt=0, state=Paused(1.0, Cause(CauseKind.PAUSED, "x"))), "paused before start"),
        (make_run(1, state=failed(text="No space left.")), "failed No space left."),
    ],
)
def test_progress_or_status_of_a_run(run: RunSummary, words: str) -> None:
    assert row_text(progress_or_status(run, 24)).endswith(words)


@pytest.mark.parametrize(
    ("rate", "words"), [(0.25, "1h07"), (0.03, "9h15"), (0.001, "11d14h"), (0.0001, "115d15h")]
)
def test_the_time_that_is_left_is_never_cut(rate: float, words: str) -> None:
    row = progress_or_status(make_run(1, step=1, rate=rate), 20)
    assert row_text(row).endswith(words) and row_width(row) <= 20


@pytest.mark.parametrize(("step", "full"), [(0, 0), (500, 6), (999, 11), (1_000, 12), (5_000, 12)])
def test_a_bar_is_full_at_the_end_and_not_before(step: int, full: int) -> None:
    bar = progress_or_status(make_run(1, step=step), 24)
    assert len(bar[0].text) == full and row_width(bar) == 24


@pytest.mark.parametrize(("seconds", "words"), [(3, "now"), (61, "1m"), (7_300, "2h"), (200_000, "2d")])
def test_an_age_is_coarse(seconds: float, words: str) -> None:
    assert age_of(make_run(1, created=time.time() - seconds)) == words


@pytest.mark.parametrize(
    ("age", "words"), [("now", "just now"), ("17m", "17 min ago"), ("1d", "1 day ago"), ("2d", "2 days ago")]
)
def test_an_age_is_written_out(age: str, words: str) -> None:
    assert ago(age) == words


def test_a_run_without_a_name_is_named_by_the_end_of_its_id() -> None:
    assert name_of(make_run(1, id="20260101-101010-xor-ab12")) == "xor-ab12"
    assert name_of(make_run(1, name="lark")) == "lark"


def test_only_parameters_that_differ_are_named() -> None:
    assert params_of(make_run(1, params={"hidden": 4, "lr": 0.01, "bypass": True})) == "hidden=4 bypass=yes"
    assert params_of(make_run(1, experiment="unheard-of", params={"a": 1})) == "a=1"


def test_numbers_that_are_not_finite_are_highlighted() -> None:
    assert (number_span(math.nan).text, number_span(math.nan).style_name) == ("nan", "bad")
    assert (number_span(0.125).text, number_span(0.125).style_name) == ("0.125", "text") and number_span(
        None
    ).text == ""
