"""Every signal that a batch system or a shutdown sends, to the keeper, to the worker and to both."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from engine.events import replay
from engine.files import write_json
from engine.protocol import CauseKind, Status
from engine.store import ExitFacts, RunFolder
from tests.engine.keeper.kept_run import KeptRun, keeping, until

ENDING = [signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU]
WITHOUT_EFFECT = [signal.SIGHUP, signal.SIGCONT, signal.SIGPIPE]
TARGETS = ["keeper", "worker", "both"]
ROOT = Path(__file__).parents[3]


def _folder(tmp_path: Path) -> RunFolder:
    path = tmp_path / "run"
    path.mkdir(mode=0o700)
    write_json(
        path / "spec.json",
        {"id": "run", "experiment": "counter", "params": {"steps": 10**7, "seconds": 0.002}, "seed": 1,
         "name": "", "framework": "", "threads": 1, "device": "cpu", "created_at": 0.0},
    )  # fmt: skip
    return RunFolder(path)


def _environ() -> dict[str, str]:
    return {"DLTUI_EXTRA_CATALOG": "tests.fakes.catalog:CATALOG", "PYTHONPATH": str(ROOT)}


def _pids(run: KeptRun, target: str) -> list[int]:
    worker = run.facts().worker
    assert worker is not None
    return {"keeper": [run.process.pid], "worker": [worker.pid], "both": [run.process.pid, worker.pid]}[
        target
    ]


def _is_training(folder: RunFolder) -> bool:
    return any(event.kind == "metrics" for event in replay(folder.events))


def _run_with_signal(tmp_path: Path, number: signal.Signals, target: str) -> tuple[RunFolder, ExitFacts]:
    """A run that received the signal while it trained, and a pause command where the signal has no effect."""
    folder = _folder(tmp_path)
    with keeping(folder, sys.executable, environ=_environ()) as run:
        until(lambda: _is_training(folder))
        for pid in _pids(run, target):
            os.kill(pid, number)
        if number in WITHOUT_EFFECT:
            run.send(word="pause")
        return folder, run.exit()


@pytest.mark.long
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_a_warning_signal_saves_and_ends_the_run_with_a_cause_that_names_it(
    tmp_path: Path, number: signal.Signals, target: str
) -> None:
    folder, ended = _run_with_signal(tmp_path, number, target)
    step = max(int(path.name.removeprefix("step-")) for path in folder.checkpoints.iterdir())
    assert (ended.status, ended.cause.kind) == (Status.STOPPED, CauseKind.SIGNAL)
    assert ended.cause.text == f"{number.name} from outside: saved at step {step}."
    assert ended.cause.remedy.startswith("Resume continues from")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("number", WITHOUT_EFFECT, ids=lambda number: number.name)
def test_other_signals_change_nothing(tmp_path: Path, number: signal.Signals, target: str) -> None:
    assert _run_with_signal(tmp_path, number, target)[1].status is Status.PAUSED


@pytest.mark.parametrize("number", [number for number in ENDING if number != signal.SIGTERM])
def test_a_warning_while_a_keeper_and_its_worker_start_does_not_kill_the_run(
    tmp_path: Path, number: signal.Signals
) -> None:
    folder = _folder(tmp_path)
    with keeping(folder, sys.executable, environ=_environ()) as run:
        until(lambda: folder.keeper.exists() and run.facts().worker is not None)
        for pid in _pids(run, "worker"):
            os.kill(pid, number)
        run.send(word="stop")
        assert run.exit().status is Status.STOPPED
