"""`dltui sweep`, against a real engine and real networks."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.end_to_end.home import Home


@pytest.mark.long
def test_a_sweep_of_xor_is_waited_for_listed_filtered_and_exported(home: Home) -> None:
    words = ("--axis", "lr=0.1,0.01", "--axis", "hidden=1..3", "--set", "epochs=400", "--seeds", "5")
    made = home.dltui("sweep", "xor", *words, "--name", "first", "--wait").strip()
    assert "done" in home.dltui("sweep", "ls") and made in home.dltui("sweep", "ls")
    shown = json.loads(home.dltui("sweep", "show", "first", "--json"))
    assert (shown["id"], shown["status"], shown["planned"]) == (made, "done", 30)
    good = json.loads(home.dltui("sweep", "trials", "@last", "loss<0.3 and lr>=0.05", "--json"))
    assert good and all(row["value"] < 0.3 and row["params"]["lr"] == 0.1 for row in good)
    rows = list(csv.DictReader(io.StringIO(home.dltui("sweep", "export", made, "--csv"))))
    assert len(rows) == 30 and {row["hidden"] for row in rows} == {"1", "2", "3"}
    assert {"trial", "config", "status", "value", "seed", "run", "lr", "loss"} <= set(rows[0])
    exported = json.loads(home.dltui("sweep", "export", made, "--json"))
    assert len(exported["trials"]) == 30 and exported["sweep"]["best"]["value"] == shown["best"]["value"]
    assert "config=1" in home.dltui("sweep", "trials", "first", "--group", "config")
    assert "%" in home.dltui("sweep", "analyse", "first")
    assert home.call("sweep", "rm", "first", "--yes", "--runs").returncode == 0
    assert json.loads(home.dltui("sweep", "ls", "--json")) == []


@pytest.mark.long
def test_a_sweep_is_edited_and_stopped_by_commands(home: Home) -> None:
    made = home.dltui(
        "sweep", "counter", "--axis", "pace=1,2", "--set", "steps=100000", "--set", "seconds=0.01",
        "--sampler", "tpe", "--trials", "4", "--parallel", "1",
    ).strip()  # fmt: skip
    home.until(lambda: _show(home, made)["counts"].get("running"), "a running trial")
    home.dltui("sweep", "edit", made, "pin", "1")
    home.dltui("sweep", "edit", made, "add", "pace=7", "steps=5")
    home.dltui("sweep", "edit", made, "parallel", "2")
    home.until(lambda: _show(home, made)["counts"].get("done"), "the trial that was added")
    rows = json.loads(home.dltui("sweep", "trials", made, "--json"))
    assert rows[0]["pinned"] and {"pace": 7.0, "steps": 5} in [row["params"] for row in rows]
    home.dltui("sweep", "pause", made)
    home.until(lambda: _show(home, made)["status"] == "paused", "a paused sweep")
    home.dltui("sweep", "stop", made)
    home.until(lambda: _show(home, made)["status"] == "stopped", "a stopped sweep")


def test_the_values_of_every_axis_are_said_before_a_sweep_starts(home: Home) -> None:
    started = home.call("sweep", "counter", "--axis", "pace=0,1", "--axis", "steps=1..3", "--trials", "1")
    assert started.returncode == 0
    assert started.stderr.splitlines()[:2] == ["pace: 2 values, 0 and 1", "steps: 3 values, 1, 2 and 3"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "status", "expected"),
    [
        (("xor", "--axis", "width=1,2"), 2, "Unknown axis 'width' of xor."),
        (("xor", "--axis", "lr=-1,1"), 2, "lr: expected a number of 0 or more, at most 100, got '-1'."),
        (("xor", "--axis", "lr=0,01"), 2, "got '01'.\n  Write 1, or 0.01 with a decimal point."),
        (("xor", "--axis", "hidden=4..1"), 2, "hidden: the range '4..1' is empty"),
        (("xor", "--axis", "lr=0.1,1", "--set", "hidden=0"), 2, "hidden: expected 1 or more while bypass"),
        (("xor", "--axis", "lr=0.1,1", "--set", "width=0"), 2, "Unknown parameter 'width'."),
        (("nothing", "--axis", "lr=0.1,1"), 2, "There is no experiment 'nothing'."),
        (("xor", "--axis", "lr=0.1,1", "--executor", "mars"), 2, "executor: expected one of local, ray"),
        (("xor", "--axis", "lr=0.1,1", "--seeds", "few"), 2, "seeds: expected a whole number"),
        (("show", "nobody"), 1, "No sweep answers to 'nobody'."),
        (("edit", "nobody", "fly"), 2, "Expected one of: add K=V"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_clear_line(
    home: Home, words: tuple[str, ...], status: int, expected: str
) -> None:
    done = home.call("sweep", *words)
    assert done.returncode == status and expected in done.stderr and done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_an_extended_xor_run_ends_in_the_bits_of_a_longer_one(home: Home) -> None:
    words = ("--axis", "lr=0.1", "--axis", "seed=1..2", "--set", "epochs=60", "--prune", "median", "--wait")
    made = home.dltui("sweep", "xor", *words).strip()
    home.dltui("sweep", "edit", made, "extend", "2", "epochs=150")
    home.until(lambda: _show(home, made)["counts"] == {"done": 2}, "the longer trial")
    row = json.loads(home.dltui("sweep", "trials", made, "trial=2", "--json"))[0]
    longer = home.finish(home.start("xor", seed=2, lr=0.1, epochs=150))
    extended = home.show(row["run"])
    assert row["step"] == extended["step"] == 150 and extended["params"]["epochs"] == 150
    assert extended["checkpoints"][-1]["weights_sha256"] == longer["checkpoints"][-1]["weights_sha256"]
    assert extended["metrics"] == longer["metrics"]


def _show(home: Home, sweep: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(home.dltui("sweep", "show", sweep, "--json"))
    return found
