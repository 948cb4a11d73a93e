"""`python -m engine.worker RUNFOLDER`: one attempt at a run."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from pathlib import Path

from engine import ending_signals
from engine.store import RunFolder
from engine.worker import keeper_pipe
from engine.worker.run_attempt import SignalHandler, run_attempt


def main(arguments: list[str]) -> int:
    descriptors = keeper_pipe.pop_descriptors(os.environ)
    faulthandler.enable()
    handler = SignalHandler()
    for number in (signal.SIGINT, *ending_signals.ENDING):
        signal.signal(number, handler.handle)
    for number in ending_signals.IGNORED:
        signal.signal(number, signal.SIG_IGN)
    ended = run_attempt(RunFolder(Path(arguments[0]).absolute()), descriptors, handler)
    keeper_pipe.send_exit_message(descriptors.exit_message, ended.facts())
    return 0 if ended.is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
