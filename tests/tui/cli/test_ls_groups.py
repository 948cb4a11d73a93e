"""`dltui ls --group`: what is printed of given groups."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.protocol import Best
from engine.table_protocol import GroupRow, GroupStatistics, Page, Query
from tests.engine.service.rows import a_summary
from tui.cli import ls_groups

RUN = replace(a_summary("a", params={"lr": 0.5, "seed": 7}, metrics={"loss": 0.1}), best=Best("loss", 0.1, 3))
BEST = GroupStatistics(4, 0.25, 0.5, 0.1, 0.4)
ROW = GroupRow(
    0, "0123456789ab", 5, {"done": 4, "failed": 1}, BEST, "loss", {"loss": BEST, "name": GroupStatistics(0)}
)
PAGE = Page((RUN,), 5, 5, groups=(ROW,), length=3)
QUERY = Query(group="config", statistics=("loss", "name"))


def test_a_group_is_a_line_with_its_counts_mean_deviation_and_equal_parameters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ls_groups.print_groups(PAGE, QUERY, as_json=False)
    out, err = capsys.readouterr()
    title, line = out.splitlines()
    assert title.split() == ["GROUP", "RUNS", "BEST", "LOSS", "NAME", "AGE", "PARAMETERS"]
    assert "0123456789ab" in line and "4 done, 1 failed" in line and "loss=0.25 ± 0.5 (4 of 5)" in line
    assert "run-a" in line and "lr=0.5" in line and "seed" not in line
    assert "1 of 3 groups" in err and "dltui ls config=0123456789ab" in err


def test_the_json_of_a_group_has_its_key_and_exact_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    ls_groups.print_groups(PAGE, QUERY, as_json=True)
    (found,) = json.loads(capsys.readouterr().out)
    assert found["key"] == {"config": "0123456789ab"} and found["count"] == 5 and found["newest"] == RUN.id
    best = {"metric": "loss", "valued": 4, "mean": 0.25, "spread": 0.5, "low": 0.1, "high": 0.4}
    assert found["best"] == best and found["params"] == {"lr": 0.5}
    row = replace(ROW, id='["xor",0.5]')
    ls_groups.print_groups(replace(PAGE, groups=(row,)), Query(group="experiment, lr"), as_json=True)
    assert json.loads(capsys.readouterr().out)[0]["key"] == {"experiment": "xor", "lr": 0.5}


def test_the_columns_and_the_order_say_of_which_fields_the_mean_is_asked() -> None:
    assert ls_groups.statistics_wanted("loss, best,lr", "val_loss") == ("loss", "lr", "val_loss")
    assert ls_groups.statistics_wanted("", "count") == ()
