"""`python -m engine.service`: run the service of the home of DLTUI_HOME. Exit code 3: one runs already."""

from __future__ import annotations

import asyncio
import gc
import logging
import logging.handlers
import os
import signal
import sys
from pathlib import Path

from engine import ending_signals, places
from engine.errors import EngineError
from engine.places import Places, make_private
from engine.service.server import lock
from engine.service.server.lock import AlreadyRunning
from engine.service.server.service import Service

SIZE = 1 << 20
KEPT = 2


def open_log(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.raiseExceptions = False  # on a full disk: no tracebacks of logging itself on stderr


FAILED = 1
ALREADY_RUNNING = 3


def main() -> int:
    os.umask(0o077)
    return serve(places.home())


def serve(home: Places) -> int:
    """Run the service and return the exit code; where it is not 0, stderr has one line with the reason."""
    try:
        make_private(home.root)
        held = lock.acquire(home.lock)
        try:
            open_log(home.log)
            asyncio.run(_run(home))
        finally:
            os.close(held)
    except AlreadyRunning as error:
        print(error, file=sys.stderr)
        return ALREADY_RUNNING
    except EngineError as error:
        print(error, file=sys.stderr)
        logging.error("%s", error)
        return FAILED
    except Exception as error:
        # The traceback goes to the log, one line to the process that started the service.
        logging.exception("the service failed")
        print(f"The engine failed: {str(error).removesuffix('.')}. See {home.log}", file=sys.stderr)
        return FAILED
    return 0


async def _run(home: Places) -> None:
    service = Service(home)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop)
    ending_signals.ignore()  # a batch system signals all processes of a job; keepers and workers handle it
    loop.add_signal_handler(signal.SIGUSR1, service.rebind_socket)
    gc.freeze()
    await service.run()


if __name__ == "__main__":
    sys.exit(main())
