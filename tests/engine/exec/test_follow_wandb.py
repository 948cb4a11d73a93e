"""What a command logs with W&B is its curve; what another one logs in the same folder is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.exec.follow_wandb import WandbFollower
from engine.protocol import Status
from tests.engine.exec.command_run import curve, events_of, make_script, started
from tests.engine.readers.wandb_files import framed, records_of, write_run

ROWS = [{"loss": 1 / (step + 1)} for step in range(6)]
OWN, OTHER = 4711, 4712
BEGAN = 1_699_999_999.0


def write(top: Path, run: str, process: int, time: str = "20231114_221320", **facts: Any) -> Path:
    path = top / f"offline-run-{time}-{run}" / f"run-{run}.wandb"
    (path.parent / "logs").mkdir(parents=True)
    (path.parent / "logs" / "debug.log").write_text(
        f"2023-11-14 22:13:20,1 INFO    MainThread:{process} [wandb_setup.py:_flush():81] Current\n"
    )
    return write_run(path, run, ROWS, **facts)


def follower(top: Path, since: float = BEGAN) -> WandbFollower:
    return WandbFollower(top, since, lambda process: process == OWN)


def sent(found: WandbFollower, is_last: bool = False) -> list[Any]:
    return [message for message in found.messages(is_last) if "params" not in message]


def test_runs_of_other_commands_in_the_same_folder_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "mine", OWN)
    write(tmp_path, "other", OTHER)
    log = follower(tmp_path)
    assert sent(log) == [{"metrics": {"loss": [[*range(6)], [row["loss"] for row in ROWS]]}}]
    assert sent(log) == []
    assert sent(follower(tmp_path, BEGAN + 100)) == []


def test_a_run_is_read_as_it_grows_once_its_process_is_known(tmp_path: Path) -> None:
    path = write(tmp_path, "mine", OWN)
    data, log = path.read_bytes(), follower(tmp_path)
    (path.parent / "logs" / "debug.log").rename(tmp_path / "kept")
    path.write_bytes(data[:500])
    assert sent(log) == []
    (tmp_path / "kept").rename(path.parent / "logs" / "debug.log")
    first = sent(log)
    path.write_bytes(data)
    steps = [step for message in (*first, *sent(log)) for step in message["metrics"]["loss"][0]]
    assert first and steps == [*range(6)]


def test_the_metrics_of_a_second_run_have_its_name_before_theirs(tmp_path: Path) -> None:
    write(tmp_path, "first", OWN)
    log = follower(tmp_path)
    sent(log)
    write(tmp_path, "second", OWN, "20231114_221330")
    (message,) = sent(log)
    assert list(message["metrics"]) == ["second/loss"]


def test_the_config_is_told_as_parameters(tmp_path: Path) -> None:
    write(tmp_path, "mine", OWN)
    assert {"params": {"lr": 0.1}} in [*follower(tmp_path).messages(False)]


WRITES = """
import os, pathlib, sys, time
folder = pathlib.Path("wandb") / "offline-run-20231114_221320-mine"
(folder / "logs").mkdir(parents=True)
(folder / "logs" / "debug.log").write_text(f"INFO    MainThread:{os.getpid()} [wandb_setup.py:81] begin")
data = pathlib.Path("made.wandb").read_bytes()
with (folder / "run-mine.wandb").open("wb", buffering=0) as file:
    for at in range(0, len(data), 300):
        file.write(data[at : at + 300])
        time.sleep(0.02)
"""


@pytest.mark.long
def test_what_a_command_logs_with_wandb_is_its_curve(tmp_path: Path) -> None:
    folder = make_script(tmp_path, WRITES)
    began = 4_000_000_000  # of a run that begins later
    (tmp_path / "made.wandb").write_bytes(framed([*records_of("mine", ROWS, began_at=began)]))
    with started(folder) as run:
        assert run.exit().status is Status.DONE
    assert curve(folder, "loss") == [(step, pytest.approx(1 / (step + 1))) for step in range(6)]
    assert {"lr": 0.1} in [event.facts["values"] for event in events_of(folder, "params")]
