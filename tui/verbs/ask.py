"""Ask the engine from a shell command: connect, do one thing, leave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

from engine import places
from engine.client import Client, connect
from engine.errors import DltuiError
from engine.protocol import Json
from tui.plain_text import plain

T = TypeVar("T")


def ask(question: Callable[[Client], Awaitable[T]], *, start: bool = True) -> T:
    """Run `question` with a connected client; an error becomes one line on stderr and exit status 1."""
    try:
        return ask_or_raise(question, start=start)
    except DltuiError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)


def ask_or_raise(question: Callable[[Client], Awaitable[T]], *, start: bool = True) -> T:
    async def run() -> T:
        async with await connect(places.home(), start=start) as client:
            return await question(client)

    return asyncio.run(run())


def fail(error: DltuiError, code: int = 1) -> NoReturn:
    tell(error.message)
    if error.remedy:
        tell(f"  {error.remedy}")
    sys.exit(code)


def tell(text: str) -> None:
    """Talk goes to stderr; nothing foreign reaches the terminal raw."""
    print(plain(text, lines=True), file=sys.stderr)


def say(text: str) -> None:
    """Data for a person on stdout."""
    print(plain(text, lines=True, limit=10_000_000))


def say_json(data: Json | list[Json]) -> None:
    print(json.dumps(data, allow_nan=False, indent=2))


def leave_quietly_on_closed_pipe() -> None:
    """`dltui ls | head` ends as any other tool does."""
    with contextlib.suppress(AttributeError, ValueError):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
