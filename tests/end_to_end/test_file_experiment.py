"""Experiments of one's own: a file that is run, paused, killed, changed, moved and swept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.home import ROOT, Home, kill
from tests.engine.experiment_files.files import COUNTER, write


def weights(found: dict[str, object]) -> object:
    checkpoints = found["checkpoints"]
    assert isinstance(checkpoints, list)
    return checkpoints[-1]["weights_sha256"]


@pytest.mark.long
def test_a_file_is_paused_killed_and_resumed_bit_for_bit_though_it_is_gone(
    home: Home, tmp_path: Path
) -> None:
    path = str(write(tmp_path))
    whole = home.finish(home.start(path, steps=60))
    assert (whole["experiment"], whole["best"]["metric"], whole["step"]) == ("mine", "accuracy", 60)
    home.environ["DLTUI_CHECKPOINT_SECONDS"] = "0"
    home.dltui("engine", "stop")
    run = home.start(path, steps=60, seconds=0.05)
    home.until(lambda: home.steps_saved(run) > 5, "some steps")
    home.dltui("pause", run)
    home.reach(run, "paused")
    Path(path).unlink()
    home.dltui("resume", run)
    home.until(lambda: home.steps_saved(run) > 20, "more steps")
    kill(home.worker(run))
    home.reach(run, "failed", "lost")
    write(tmp_path / "elsewhere", text="def train(params, run):\n    1 / 0\n")
    done = home.finish(run)
    assert weights(done) == weights(whole) and done["attempt"] >= 3


def test_folders_of_the_pythonpath_of_the_shell_are_searched_by_the_worker_too(
    home: Home, tmp_path: Path
) -> None:
    home.dltui("engine", "start")
    write(tmp_path / "library", "of_the_shell.py", "STEPS = 3\n")
    text = "import of_the_shell\n\n\ndef train(params, run):\n    run.log(of_the_shell.STEPS, loss=0.5)\n"
    home.environ["PYTHONPATH"] = f"{ROOT}:{tmp_path / 'library'}"
    assert home.finish(home.start(str(write(tmp_path, text=text))))["step"] == 3


@pytest.mark.long
def test_a_resume_after_the_code_changed_is_refused_and_goes_on_when_asked(
    home: Home, tmp_path: Path
) -> None:
    path = write(tmp_path)
    run = home.start(str(path), steps=100_000, seconds=0.01)
    home.until(lambda: home.show(run)["step"] > 2, "some steps")
    home.dltui("pause", run)
    home.reach(run, "paused")
    changed = COUNTER.replace("steps: int = 100", "steps: int = 100\n    bonus: float = 2.0")
    path.write_text(changed.replace("accuracy=step / last", "accuracy=step / last, bonus=params.bonus"))
    refused = home.call("resume", run)
    assert refused.returncode == 1 and "its code was changed since it started: mine.py" in refused.stderr
    assert "+    bonus: float = 2.0" in refused.stderr
    shown = home.dltui("show", run, "--code")
    assert "# changed since this run started" in shown and "# mine.py\n" in shown
    assert f"{path}, changed since" in home.dltui("show", run)
    home.dltui("resume", run, "--kept")
    home.reach(run, "running")
    home.dltui("pause", run)
    assert "bonus" not in home.reach(run, "paused")["metrics"]
    home.dltui("resume", run, "--fast")
    home.until(lambda: home.show(run)["metrics"].get("bonus") == 2.0, "the new metric")
    home.dltui("set", run, "lr=0.125")
    home.dltui("stop", run)
    found = home.reach(run, "stopped")
    assert found["params"]["steps"] == 100_000 and found["live"] == {"lr": 0.125}
    other = home.start(str(path), steps=2)
    path.write_text(COUNTER.replace("Counting:", "Numbering:"))
    compared = home.dltui("compare", other, home.start(str(path), steps=2))
    assert '-"""Counting:' in compared and '+"""Numbering:' in compared


@pytest.mark.long
def test_a_file_that_was_added_is_swept_by_its_name(home: Home, tmp_path: Path) -> None:
    imports = tmp_path / "imports"
    note = f"import sys\nwith open({str(imports)!r}, 'a') as file:\n    print(*sys.orig_argv, file=file)\n"
    home.dltui("experiments", "add", str(write(tmp_path, text=f"{COUNTER}\n{note}")))
    listed = json.loads(home.dltui("experiments", "--json"))
    assert listed[-1]["path"] == str(tmp_path / "mine.py")
    home.dltui("sweep", "mine", "--axis", "lr=0.1,0.2", "--axis", "seed=1,2", "--set", "steps=5", "--wait")
    rows = json.loads(home.dltui("ls", "--json"))
    assert sorted((one["params"]["lr"], one["seed"]) for one in rows if one["status"] == "done") == [
        (0.1, 1), (0.1, 2), (0.2, 1), (0.2, 2),
    ]  # fmt: skip
    importers = {"engine.experiment_files.describe", "engine.worker"}
    assert {line.split()[3] for line in imports.read_text().splitlines()} == importers
    files = list(home.places.runs.glob("*/source/*/files/mine.py"))
    assert len(files) == 4 and len({path.stat().st_ino for path in files}) == 1
