"""`python -m engine.remote RUNFOLDER`: what a keeper starts in place of a worker when that is elsewhere."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from engine import signals
from engine.protocol import Status
from engine.remote.proxy_worker import ProxyWorker
from engine.store import RunFolder
from engine.worker import keeper_pipe
from engine.worker.keeper_pipe import KeeperPipe


def main(words: list[str]) -> int:
    strings = keeper_pipe.take(os.environ)
    # The keeper says by word what is wanted, and ends by SIGKILL whoever does not hear.
    for number in (signal.SIGINT, *signals.ENDING, *signals.IGNORED):
        signal.signal(number, signal.SIG_IGN)
    folder = RunFolder(Path(words[0]).absolute())
    ended = ProxyWorker(folder, KeeperPipe(strings.wire), int(os.environ.get("DLTUI_ATTEMPT") or 1)).run()
    keeper_pipe.say(strings.last_words, ended)
    return 0 if ended["status"] != Status.FAILED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
