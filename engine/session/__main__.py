"""`python -m engine.session`: requests on stdin, responses on stdout, as frames."""

from __future__ import annotations

import os
import signal
import sys

from engine import ending_signals, places
from engine.session.cache import SessionCache
from engine.session.server import RequestQueue, SessionServer


def main() -> int:
    os.umask(0o077)
    ending_signals.ignore()  # a batch system signals every process of a job; this one has nothing to save
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c is for the app; this process ends with its pipe
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be read as a response
    try:
        SessionServer(SessionCache(places.home()), RequestQueue(sys.stdin.buffer), out).serve()
    except BrokenPipeError:
        pass  # the client has ended
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # the reading thread may be blocked in a read that nothing ends
