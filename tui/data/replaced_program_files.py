"""Whether the files of dltui were replaced while this process runs, as an upgrade does."""

from __future__ import annotations

import os
import sys
import time

STARTED = time.time()
PACKAGES = ("tui", "engine", "checkpoints")
TEXT = "dltui was replaced by another version while it ran: start it again. Its runs go on."
"""what a user is told where an error came of it"""


def is_replaced(since: float = STARTED) -> bool:
    """Whether a file of the modules that are loaded is gone, or was written after `since`."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] not in PACKAGES or not file:
            continue
        try:
            facts = os.stat(file)
        except OSError:
            return True
        if max(facts.st_mtime, facts.st_ctime) > since:
            return True
    return False
