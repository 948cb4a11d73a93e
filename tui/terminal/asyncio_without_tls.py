"""Imports asyncio as where Python has no TLS: the app opens no such connection, and starts 4 ms earlier.

To be imported before the rest of the app; `import ssl` works as ever afterwards.
"""

from __future__ import annotations

import sys

if not {"ssl", "asyncio"} & sys.modules.keys():
    sys.modules["ssl"] = None  # type: ignore[assignment]
    import asyncio as asyncio

    del sys.modules["ssl"]
