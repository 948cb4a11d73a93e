"""Runs and sweeps that begin with a checkpoint of another run, whose processes are killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.home import Home, kill
from tests.end_to_end.test_file_experiment import weights
from tests.engine.experiment_files.files import write


def start_child(home: Home, path: str, begin: str, **params: object) -> str:
    settings = [word for key, value in params.items() for word in ("--set", f"{key}={value}")]
    return home.dltui("run", path, "--begin", begin, *settings).strip()


@pytest.mark.long
def test_a_child_that_is_killed_ends_with_the_bits_of_an_uninterrupted_run_though_its_parent_is_gone(
    home: Home, tmp_path: Path
) -> None:
    path = str(write(tmp_path))
    whole = home.finish(home.start(path, steps=120))
    parent = home.finish(home.start(path, steps=40, name="parent"))
    begin = f"parent@{parent['step']}"
    assert weights(home.finish(start_child(home, path, begin, steps=120))) == weights(whole)
    child = start_child(home, path, begin, steps=120, seconds=0.05)
    home.dltui("rm", "parent", "--now", "--yes")
    home.until(lambda: home.worker(child), "a worker")
    kill(home.worker(child))
    home.reach(child, "failed", "lost")
    home.environ["DLTUI_CHECKPOINT_SECONDS"] = "0"
    home.dltui("engine", "stop")
    home.dltui("resume", child)
    home.until(lambda: home.steps_saved(child) > 50, "steps of its own")
    kill(home.keeper(child))
    done = home.finish(child)
    assert weights(done) == weights(whole) and done["attempt"] >= 3
    assert done["parent"] == {"run": parent["id"], "step": 40, "seed": 1}


@pytest.mark.long
def test_the_trials_of_a_sweep_are_children_that_outlive_their_parent(home: Home, tmp_path: Path) -> None:
    path = str(write(tmp_path))
    parent = home.finish(home.start(path, steps=40, name="parent"))
    shown = home.call(
        "sweep",
        path,
        "--begin",
        "parent@40",
        "--axis",
        "lr=0.25,0.5",
        "--set",
        "steps=80",
        "--wait",
        "--json",
    )
    assert shown.returncode == 0 and json.loads(shown.stdout)["spec"]["parent"]["step"] == 40
    home.dltui("rm", "parent", "--now", "--yes")
    trials = json.loads(home.dltui("ls", f"parent={parent['id']}", "--json"))
    assert sorted(one["params"]["lr"] for one in trials) == [0.25, 0.5]
    assert all(one["status"] == "done" and one["step"] == 80 for one in trials)
    [same] = [home.show(one["id"]) for one in trials if one["params"]["lr"] == 0.5]
    assert weights(same) == weights(home.finish(home.start(path, steps=80)))
