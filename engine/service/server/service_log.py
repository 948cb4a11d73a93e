"""The log file of the service, which has all its tracebacks."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

SIZE = 1 << 20
KEPT = 2


def open_log(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.raiseExceptions = False  # on a full disk: no tracebacks of logging itself on stderr
