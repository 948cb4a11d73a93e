"""Remarks on a run beside its end: damage, its data, its latest notice."""

from __future__ import annotations

import pytest

import tui.cli.ls as ls
from engine.filter_fields import RunField
from tests.fakes.engine import done, make_run
from tui.cli.ls import _facts, _row
from tui.data.value_text import cause_text, remarks


def test_the_last_column_of_a_done_run_begins_with_what_is_damaged() -> None:
    run = make_run(1, state=done(), damage="events.jsonl is empty", notice="After epoch 3", data_notice="8x8")
    assert cause_text(run) == "events.jsonl is empty; It reached its last step."
    assert _row(run, False)[-1] == cause_text(run)


def test_a_running_run_shows_both_the_notice_of_its_data_and_its_latest_one() -> None:
    assert cause_text(make_run(1, notice="disk full", data_notice="8x8 digits")) == "8x8 digits; disk full"
    assert remarks(make_run(1)) == []


def test_show_has_a_line_for_each() -> None:
    run = make_run(1, damage="events.jsonl is empty", notice="disk full", data_notice="8x8 digits")
    facts = [
        fact for fact in _facts(run, "") if fact[1] in ("events.jsonl is empty", "disk full", "8x8 digits")
    ]
    assert facts == [
        ("damage", "events.jsonl is empty"), ("notice", "disk full"), ("data notice", "8x8 digits"),
    ]  # fmt: skip


def test_a_titled_field_is_a_cell_before_the_parameters_of_ls(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _row(make_run(1, rss=3 << 30), False)
    field = RunField("rss", "memory of the worker", title="memory", unit="bytes")
    monkeypatch.setattr(ls, "_LISTED", (field,))
    assert _row(make_run(1, rss=3 << 30), False) == (*before[:6], "3.0 GB", *before[6:])
    assert len(before) == len(ls.COLUMNS)
