"""To be imported before the rest of the app: no garbage is looked for while the app starts."""

from __future__ import annotations

import gc

gc.disable()


def end() -> None:
    """What is there now stays; look for garbage among what comes."""
    gc.freeze()
    gc.enable()
