"""`python -m engine.session`: questions on standard input, answers on standard output, a line each."""

from __future__ import annotations

import os
import signal
import sys

from engine import places, signals
from engine.session.cache import SessionCache
from engine.session.requests import RequestQueue
from engine.session.server import SessionServer


def main() -> int:
    os.umask(0o077)
    signals.ignore()  # a batch system warns every process of a job; this one has nothing to save
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c is for the app; this side ends with its pipe
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints may not pass for an answer
    try:
        SessionServer(SessionCache(places.home()), RequestQueue(sys.stdin.buffer), out).hold()
    except BrokenPipeError:
        pass  # who asked has gone
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # the thread that reads may sit in a read that nothing ends
