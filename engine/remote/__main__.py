"""`python -m engine.remote RUNFOLDER`: the proxy worker, which a keeper starts for a run on a cluster."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from engine import ending_signals
from engine.protocol import Status
from engine.remote.proxy_worker import ProxyWorker
from engine.store import RunFolder
from engine.worker import keeper_pipe
from engine.worker.keeper_pipe import KeeperPipe


def main(arguments: list[str]) -> int:
    descriptors = keeper_pipe.pop_descriptors(os.environ)
    # The keeper sends commands through its pipe; SIGKILL is its last resort.
    for number in (signal.SIGINT, *ending_signals.ENDING, *ending_signals.IGNORED):
        signal.signal(number, signal.SIG_IGN)
    folder = RunFolder(Path(arguments[0]).absolute())
    ended = ProxyWorker(
        folder, KeeperPipe(descriptors.commands), int(os.environ.get("DLTUI_ATTEMPT") or 1)
    ).run()
    keeper_pipe.send_exit_message(descriptors.exit_message, ended)
    return 0 if ended["status"] != Status.FAILED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
