"""`dltui report`, as its user calls it, on planted runs of the 8x8 digits."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.home import Home
from tests.engine.session.digit_runs import convolutions, damage, plant, templates, write_events


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)


@pytest.mark.long
def test_a_report_for_a_person_and_for_a_program(home: Home) -> None:
    run = plant(home.places.root, {20: convolutions(), 40: templates()}, model="logistic")
    shown = home.dltui("report", run.id)
    assert "last weights (step 40): 360 test images of 8x8 digits" in shown
    assert "weighted average" in shown and "balanced accuracy" in shown
    told = json.loads(home.dltui("report", "@last", "--split", "validation", "--json"))
    assert (told["run"], told["step"], told["split"]) == (run.id, 40, "validation")
    assert sum(map(sum, told["report"]["confusion"])) == told["report"]["images"] == 144


@pytest.mark.long
def test_a_damaged_checkpoint_gives_a_warning_and_the_report_of_an_older_one(home: Home) -> None:
    run = plant(home.places.root, {20: templates(), 40: templates()}, model="logistic")
    damage(run, 40)
    done = home.call("report", run.id)
    assert done.returncode == 0 and "step 20" in done.stdout and "is damaged" in done.stderr


def test_without_a_run_a_table_lists_the_six_networks(home: Home) -> None:
    run = plant(home.places.root, {9: convolutions()}, model="double_conv", batch=100)
    write_events(run, (5, 0.98), (9, 0.991), test=0.985)
    write_events(plant(home.places.root, {}, model="double_conv", batch=50), (9, float("nan")))
    shown = home.dltui("report").splitlines()
    assert (
        sum("not trained yet" in line for line in shown) == 4 and sum(" nan " in line for line in shown) == 1
    )
    assert next(line for line in shown if run.id in line).split()[:4] == ["double_conv", "100", "9", "steps"]
    assert shown[-1].endswith("double_conv, batch 100; test accuracy 0.9850")


def test_what_cannot_be_reported_is_one_line(home: Home) -> None:
    run = plant(home.places.root, {})
    done = home.call("report", run.id)
    assert done.returncode == 1 and "has no checkpoint yet" in done.stderr and not done.stdout
    assert "Traceback" not in done.stderr
