"""One attempt at a run: `python -m engine.worker RUNFOLDER`."""

from __future__ import annotations

import faulthandler
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from checkpoints.errors import SaveFailed
from engine import catalog, params, signals, store
from engine.events import EventWriter
from engine.protocol import Spec
from engine.store import RunFolder
from engine.worker import device, ending, keeper_pipe
from engine.worker.ending import Ending, Leave
from engine.worker.event_log import EventLog
from engine.worker.keeper_pipe import KeeperPipe, Strings
from engine.worker.run import Attempt, Run
from engine.worker.tensorboard import TensorBoardFiles

Train = Callable[[Any, Run], None]
FRAMEWORKS = ("torch", "tensorflow", "numpy", "numba")
"""whose runs have a TensorBoard; plain Python starts without a package"""


def main(arguments: list[str]) -> int:
    strings = keeper_pipe.take(os.environ)
    faulthandler.enable()
    told = Leaving()
    for number in (signal.SIGINT, *signals.ENDING):
        signal.signal(number, told.hear)
    for number in signals.IGNORED:
        signal.signal(number, signal.SIG_IGN)
    ended = _attempt(RunFolder(Path(arguments[0]).absolute()), strings, told)
    keeper_pipe.say(strings.last_words, ended.facts())
    return 0 if ended.is_good else 1


class Leaving:
    """What a signal handler knows: it may come before there is a run."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.came: int | None = None
        """the first signal"""

    def hear(self, number: int, frame: FrameType | None) -> None:
        self.came = self.came or number
        if self.run is not None:
            self.run.ask_to_leave(Leave.SIGNALLED)

    def attach(self, run: Run) -> None:
        self.run = run
        if self.came:
            run.ask_to_leave(Leave.SIGNALLED)


def _attempt(folder: RunFolder, strings: Strings, told: Leaving) -> Ending:
    try:
        spec = store.read_spec(folder)
        experiment = catalog.find(spec.experiment)
        journal = EventLog(EventWriter(folder.events), _board(folder, spec))
    except Exception as error:  # the keeper is told, whatever it is; nobody else could
        return _failed(error)
    try:
        chosen = params.build(experiment.params, spec.params)
        here = device.prepare(spec, os.environ)
        run = Run(folder, spec, chosen, here, journal, KeeperPipe(strings.wire), _number())
        told.attach(run)
    except Exception as error:  # the same, and the event file can be told too
        return _close(journal, 0, _failed(error))
    ended = _train(experiment.train, chosen, run, told)
    run.announce()
    return _close(journal, run.step, ended)


def _train(name: str, chosen: Any, run: Run, told: Leaving) -> Ending:
    """However the loop leaves, there is an Ending."""
    try:
        _find(name)(chosen, run)
        unsaved = _save_last(run)
        ended = ending.finished(
            run.step, run.left_because, run.why_left, told.came, run.saved_step, run.total_steps
        )
        return ending.unsaved(ended, unsaved, run.saved_step) if unsaved else ended
    except BaseException as error:  # a lesson may raise anything, SystemExit too: all of it is an ending
        return _failed(error)


def _save_last(run: Run) -> SaveFailed | None:
    """What was trained stays a result where the disk does not take its weights."""
    try:
        run.save(is_last=True)
    except SaveFailed as error:
        return error
    return None


def _find(name: str) -> Train:
    module, _, function = name.partition(":")
    found: Train = getattr(importlib.import_module(module), function)
    return found


def _failed(error: BaseException) -> Ending:
    traceback.print_exception(error)
    return ending.failed(error)


def _close(journal: EventLog, step: int, ended: Ending) -> Ending:
    try:
        journal.close(step, **ended.facts())
    except OSError as error:
        return ended if not ended.is_good else _failed(error)
    return ended


def _board(folder: RunFolder, spec: Spec) -> TensorBoardFiles | None:
    if spec.framework not in FRAMEWORKS:
        return None
    return TensorBoardFiles(folder.tensorboard, _number().number, _in_words(spec))


def _in_words(spec: Spec) -> dict[str, params.Value]:
    """The parameters as a person reads them: one that is not given has a word of its own, such as auto."""
    return catalog.in_words(spec.experiment, spec.params)


def _number() -> Attempt:
    return Attempt(int(os.environ.get("DLTUI_ATTEMPT") or 1), os.environ.get("DLTUI_MODE") or "strict")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
