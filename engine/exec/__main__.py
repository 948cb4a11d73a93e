"""`python -I -S engine/exec/__main__.py RUNFOLDER`: one attempt at a run of a command.

Imports the standard library only, and little of the engine: each run of a command pays for it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import types
from pathlib import Path
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class LateModule(types.ModuleType):
    """Stands for a module that is imported when something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def main(argv: list[str]) -> int:
    """0, or 1 for a run that failed; ends as the command did where the keeper has to explain it."""
    sys.path.insert(0, ROOT)
    sys.modules["inspect"] = LateModule("inspect")  # dataclasses import it; with it they cost twice as much
    gc.disable()  # until all is imported: what is imported stays
    from engine.exec import script_environment
    from engine.exec.script_end import exit_message, without_last_events
    from engine.exec.script_process import NotStarted
    from engine.exec.script_run import ScriptAttempt, ScriptRun
    from engine.worker import keeper_pipe
    from engine.worker.keeper_pipe import KeeperPipe

    gc.freeze()
    gc.enable()
    descriptors = keeper_pipe.pop_descriptors(os.environ)
    folder = Path(argv[0]).absolute()
    attempt = ScriptAttempt(
        folder=folder,
        number=int(os.environ.get("DLTUI_ATTEMPT") or 1),
        mode=os.environ.get("DLTUI_MODE") or "strict",
        device=os.environ.get("DLTUI_DEVICE") or "cpu",
        withheld=json.loads(os.environ.pop(script_environment.WITHHELD, "{}")),
    )
    spec = json.loads((folder / "spec.json").read_bytes())
    run = ScriptRun(attempt, spec, KeeperPipe(descriptors.commands), descriptors.commands)
    try:
        run.start()
    except NotStarted as error:
        cause = {"kind": "error", "text": str(error)[:400], "remedy": "Check the command and its folder."}
        message = {"status": "failed", "cause": cause}
        run.events.close(message)
        keeper_pipe.send_exit_message(descriptors.exit_message, message)
        return 1
    end = run.wait()
    told = exit_message(end)
    try:
        if not run.events.are_written():
            told = without_last_events(told)
        run.events.close(told)
    except OSError as error:
        print(f"events.jsonl takes nothing any more: {error}", flush=True)
    if told is None:
        _end_like(end.code)
        return end.code
    keeper_pipe.send_exit_message(descriptors.exit_message, told)
    return 0 if told["status"] != "failed" else 1


def _end_like(code: int) -> None:
    """End by the signal that ended the command; returns for an exit code."""
    if code < 0:
        signal.set_wakeup_fd(-1)
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
