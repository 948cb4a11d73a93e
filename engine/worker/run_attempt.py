"""One attempt at a run: read its spec, train, save the last checkpoint, and record how it ended."""

from __future__ import annotations

import functools
import importlib
import os
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any

from checkpoints.errors import SaveFailed
from engine import catalog, params, store
from engine.catalog import Experiment
from engine.events import EventWriter
from engine.log_position import LogPosition
from engine.protocol import Spec
from engine.store import RunFolder
from engine.worker import device, end_status, kept_source
from engine.worker.end_status import Ending, StopReason
from engine.worker.event_log import EventLog
from engine.worker.keeper_pipe import KeeperDescriptors, KeeperPipe
from engine.worker.run import Attempt, Run
from engine.worker.write_tensorboard import TensorBoardFiles

Train = Callable[[Any, Run], None]
FRAMEWORKS = ("torch", "tensorflow", "numpy", "numba")
"""frameworks whose runs write TensorBoard files; plain Python needs no package"""


class SignalHandler:
    """Requests that the run stops when a signal arrives, which may be before the run exists."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.signal_number: int | None = None
        """number of the first signal; None: none arrived"""

    def handle(self, number: int, frame: FrameType | None) -> None:
        self.signal_number = self.signal_number or number
        if self.run is not None:
            self.run.request_stop(StopReason.SIGNALLED)

    def attach(self, run: Run) -> None:
        self.run = run
        if self.signal_number:
            run.request_stop(StopReason.SIGNALLED)


def run_attempt(folder: RunFolder, descriptors: KeeperDescriptors, handler: SignalHandler) -> Ending:
    """Whatever is raised becomes an Ending."""
    try:
        spec = store.read_spec(folder)
        experiment = catalog.of(spec)
        values = params.known_values(experiment.params, spec.params) if spec.file else spec.params
        log = LogPosition(folder.log)
        event_log = EventLog(EventWriter(folder.events), _tensorboard_files(folder, spec), log)
    except Exception as error:  # only the keeper can report it: there is no event file yet
        return _failed(error)
    try:
        chosen = params.build(experiment.params, values)
        here = device.prepare(spec, os.environ)
        run = Run(folder, spec, chosen, here, event_log, KeeperPipe(descriptors.commands), _read_attempt())
        handler.attach(run)
    except Exception as error:  # reported to the keeper and to the event file
        return _close(event_log, 0, _failed(error))
    ended = _train(functools.partial(_load_train, experiment, folder), chosen, run, handler)
    run.log_started()
    return _close(event_log, run.step, ended)


def _train(load: Callable[[], Train], chosen: Any, run: Run, handler: SignalHandler) -> Ending:
    """Run the training function; whatever it raises becomes an Ending."""
    try:
        load()(chosen, run)
        unsaved = _save_last(run)
        ended = end_status.finished(
            run.step,
            run.stop_reason,
            run.prune_reason,
            handler.signal_number,
            run.saved_step,
            run.total_steps,
        )
        return end_status.unsaved(ended, unsaved, run.saved_step) if unsaved else ended
    except BaseException as error:  # an experiment may raise anything, SystemExit too
        return _failed(error)


def _save_last(run: Run) -> SaveFailed | None:
    """Save the last checkpoint; returns the error: a run that cannot save it is still finished."""
    try:
        run.save(is_last=True)
    except SaveFailed as error:
        return error
    return None


def _load_train(experiment: Experiment, folder: RunFolder) -> Train:
    if experiment.file is not None:
        return kept_source.load_train(folder.path, experiment.file)
    module, _, function = experiment.train.partition(":")
    found: Train = getattr(importlib.import_module(module), function)
    return found


def _failed(error: BaseException) -> Ending:
    traceback.print_exception(error)
    return end_status.failed(error)


def _close(event_log: EventLog, step: int, ended: Ending) -> Ending:
    try:
        event_log.close(step, **ended.facts())
    except OSError as error:
        return ended if not ended.is_good else _failed(error)
    return ended


def _tensorboard_files(folder: RunFolder, spec: Spec) -> TensorBoardFiles | None:
    if spec.framework not in FRAMEWORKS:
        return None
    return TensorBoardFiles(folder.tensorboard, _read_attempt().number, _display_params(spec))


def _display_params(spec: Spec) -> dict[str, params.Value]:
    """The parameters for display: None becomes the word declared for it, such as auto."""
    return catalog.display_values(catalog.of(spec), spec.params)


def _read_attempt() -> Attempt:
    return Attempt(int(os.environ.get("DLTUI_ATTEMPT") or 1), os.environ.get("DLTUI_MODE") or "strict")
