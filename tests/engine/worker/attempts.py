"""Run folders, scripted commands, and attempts at runs in this process or in a worker process."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from checkpoints import folder as checkpoint_folder
from engine import catalog, events, params, store
from engine.engine_path import PACKAGE_ROOT
from engine.events import Event, EventWriter
from engine.places import Places
from engine.protocol import Json, ParentCheckpoint, Spec
from engine.service.runs import parent_checkpoint
from engine.store import RunFolder
from engine.worker.device import Device
from engine.worker.event_log import EventLog
from engine.worker.run import Attempt, Run
from engine.worker.run_attempt import FRAMEWORKS, _display_params
from engine.worker.write_tensorboard import TensorBoardFiles
from tests.timeouts import quiet_seconds

FAKES = "tests.fakes.catalog:CATALOG"


class ScriptedPipe:
    """A keeper pipe that returns given commands after given steps."""

    def __init__(self, commands: Mapping[int, Json] | None = None, cut_after: int | None = None) -> None:
        self.run: Run | None = None
        self._commands, self._cut_after = dict(commands or {}), cut_after

    def commands(self) -> list[Json]:
        assert self.run is not None
        command = self._commands.pop(self.run.step, None)
        return [] if command is None else [command]

    @property
    def is_closed(self) -> bool:
        return self._cut_after is not None and self.run is not None and self.run.step >= self._cut_after


def new_run(
    root: Path,
    experiment: str,
    seed: int = 1,
    threads: int = 1,
    data: str | None = None,
    parent: tuple[RunFolder, int] | None = None,
    **given: object,
) -> RunFolder:
    """A run folder under `root`, as the service would make it; `parent`: with that step of another run."""
    found = catalog.find(experiment)
    chosen = asdict(params.build(found.params, given))
    run_id = store.new_id(experiment, time.time())
    spec = Spec(run_id, experiment, chosen, seed, "", found.framework_of(chosen), threads, "cpu", time.time())
    if parent is None:
        return store.create(Places(root), replace(spec, data=data))
    folder, step = parent
    begun = ParentCheckpoint(folder.id, step, store.read_spec(folder).seed)
    add = parent_checkpoint.adder(folder, begun)
    return store.create(Places(root), replace(spec, data=data, parent=begun), add)


def make_run(
    folder: RunFolder,
    script: ScriptedPipe | None = None,
    *,
    number: int = 1,
    mode: str = "strict",
    poll_seconds: float = 0,
    device: str = "cpu",
) -> tuple[Run, object]:
    """A Run in this process on `device`, cpu or cuda, and the params of its experiment."""
    spec = store.read_spec(folder)
    experiment = catalog.find(spec.experiment)
    chosen = params.build(experiment.params, spec.params)
    script = script or ScriptedPipe()
    has_board = spec.framework in FRAMEWORKS
    board = TensorBoardFiles(folder.tensorboard, number, _display_params(spec)) if has_board else None
    event_log = EventLog(EventWriter(folder.events), board)
    machine = Device(device, device, spec.threads, {})
    run = Run(folder, spec, chosen, machine, event_log, script, Attempt(number, mode), poll_seconds)  # type: ignore[arg-type]
    script.run = run
    return run, chosen


def train(
    folder: RunFolder,
    script: ScriptedPipe | None = None,
    *,
    number: int = 1,
    mode: str = "strict",
    device: str = "cpu",
) -> Run:
    """One attempt in this process, with its last checkpoint; errors are raised."""
    run, chosen = make_run(folder, script, number=number, mode=mode, device=device)
    spec = store.read_spec(folder)
    if spec.framework == "torch":
        from checkpoints.torch_io import strict_mode

        strict_mode(spec.threads, spec.seed)
    if spec.framework == "tensorflow":
        from checkpoints.keras_io import strict_mode as keras_strict_mode

        keras_strict_mode(spec.threads, spec.seed)
    module, _, function = catalog.find(spec.experiment).train.partition(":")
    try:
        getattr(importlib.import_module(module), function)(chosen, run)
        run.save()
    finally:
        run._event_log.close(run.step, status="done", cause={"kind": "finished", "text": "", "remedy": ""})
    return run


def environment(**more: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(PACKAGE_ROOT),
        "DLTUI_EXTRA_CATALOG": FAKES,
        "DLTUI_OFFLINE": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        **more,
    }


def start(folder: RunFolder, *, pass_fds: tuple[int, ...] = (), **more: str) -> subprocess.Popen[bytes]:
    """Start a worker process; its output goes to worker.log."""
    with folder.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "engine.worker", str(folder.path)],
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=pass_fds,
            start_new_session=True,
        )


def read_events(folder: RunFolder, kind: str | None = None) -> list[Event]:
    return [event for event in events.replay(folder.events) if kind in (None, event.kind)]


def curve(folder: RunFolder, metric: str) -> dict[int, float | str]:
    """The points of a metric by step, without rewound ones."""
    points: dict[int, float | str] = {}
    for event in read_events(folder):
        if event.kind == "restored":
            points = {step: value for step, value in points.items() if step <= event.facts["step"]}
        elif event.kind == "metrics" and metric in event.facts["series"]:
            points.update(zip(*event.facts["series"][metric], strict=True))
    return points


def weights(folder: RunFolder) -> tuple[int, str]:
    """Step and fingerprint of the newest checkpoint that verifies."""
    verified, _ = checkpoint_folder.newest_intact(folder.checkpoints)
    assert verified is not None, "there has to be a checkpoint"
    return verified.manifest.step, verified.manifest.weights_sha256


def wait_for(condition: Callable[[], bool], seconds: float = 180) -> None:
    until = quiet_seconds() + seconds
    while not condition():
        assert quiet_seconds() < until, "it did not happen in time"
        time.sleep(0.005)
