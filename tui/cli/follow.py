"""Follow something until it is over, whatever becomes of the service meanwhile."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable

from rich.cells import set_cell_size

from engine import places
from engine.client.client import Client, connect
from engine.errors import DltuiError, EngineError, HomeUnusable
from tui.cli.engine_call import fail, tell
from tui.terminal.plain_text import plain

Look = Callable[[Client], Awaitable[bool]]


def follow(look: Look, seconds: float, interrupted: str) -> None:
    """Ask `look` every `seconds` whether it is over, until it is.

    A service that goes away is waited for. After ctrl+c `interrupted` is said, and the exit status is 130.
    """
    try:
        asyncio.run(_follow(look, seconds))
    except DltuiError as error:
        fail(error)
    except KeyboardInterrupt:
        tell(f"\n{interrupted}")
        sys.exit(130)


async def _follow(look: Look, seconds: float) -> None:
    client: Client | None = await connect(places.home())
    told = ""
    try:
        while True:
            try:
                client = client or await connect(places.home())
                if await look(client):
                    return
            except HomeUnusable:
                raise
            except EngineError as error:  # runs continue without the service, and so does whoever follows one
                client = None
                if error.message != told:
                    tell(f"{error.message} Trying again.")
                told = error.message
            await asyncio.sleep(seconds)
    finally:
        if client is not None:
            await client.aclose()


def show_line(line: str, *, is_last: bool) -> None:
    """Put one line of progress over the one before; only where somebody sees it."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        cut = set_cell_size(plain(line, limit=1000), width).rstrip()
        print(f"\r\x1b[2K{cut}", end="\n" if is_last else "", file=sys.stderr, flush=True)
