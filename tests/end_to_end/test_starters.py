"""The files that `dltui new` writes train, and a resume gives the bits of an uninterrupted run."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from engine.experiment_files import new_file
from tests.end_to_end.home import Home, kill
from tests.end_to_end.test_file_experiment import weights
from tui.cli import commands

EPOCHS = {"torch": 30, "keras": 30, "numpy": 60}


def new(home: Home, tmp_path: Path, framework: str) -> str:
    return str(new_file.write(tmp_path, "mine", framework))


@pytest.mark.long
@pytest.mark.parametrize("framework", EPOCHS)
def test_a_starter_is_paused_killed_and_resumed_bit_for_bit(
    framework: str, home: Home, tmp_path: Path
) -> None:
    path = new(home, tmp_path, framework)
    whole = home.finish(home.start(path, seed=3))
    assert whole["best"]["metric"] == "val_accuracy" and whole["best"]["value"] > 0.95
    home.environ["DLTUI_CHECKPOINT_SECONDS"] = "0"
    home.dltui("engine", "stop")
    run = home.start(path, seed=3)
    home.until(lambda: home.steps_saved(run) > 30, "an epoch and a half")
    home.dltui("pause", run)
    home.reach(run, "paused", "done")
    home.dltui("resume", run, status=None)
    home.until(lambda: home.steps_saved(run) > 90, "more steps")
    kill(home.worker(run))
    done = home.finish(run)
    assert done["attempt"] >= 2 and weights(done) == weights(whole)
    assert weights(home.finish(home.start(path, seed=4))) != weights(whole)


@pytest.mark.parametrize("framework", EPOCHS)
def test_a_starter_is_about_thirty_lines(framework: str, tmp_path: Path) -> None:
    text = new_file.write(tmp_path, "mine", framework).read_text()
    assert len(text.splitlines()) <= 33 and max(map(len, text.splitlines())) <= 110
    assert all(word in text for word in ("dropout", "batch.rows", "seed", "BEST, GOAL", '"""'))


def test_new_writes_a_file_and_overwrites_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(*words: str) -> Result:
        return CliRunner().invoke(commands.app, ["new", *words])

    monkeypatch.chdir(tmp_path)
    assert call("mine", "--framework", "numpy").stdout == "mine.py\n"
    before = (tmp_path / "mine.py").read_bytes()
    again = call("mine")
    assert again.exit_code == 2 and "exists already: nothing was written" in again.stderr
    assert (tmp_path / "mine.py").read_bytes() == before
    for name, why in (("exec", "may be called exec"), ("xor", "an experiment xor itself"),
                      ("torch", "choose another name"), ("../up", "letters, digits and _")):  # fmt: skip
        refused = call(name)
        assert refused.exit_code == 2 and why in refused.stderr
    assert "expected one of torch, keras, numpy" in call("other", "--framework", "jax").stderr
    assert [path.name for path in tmp_path.glob("*.py")] == ["mine.py"]
