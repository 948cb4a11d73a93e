"""Ask the engine from a shell command: connect, do one thing, leave."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NoReturn, TypeVar

from engine import places
from engine.client.client import Client, connect
from engine.errors import DltuiError, InputError
from engine.protocol import Json
from tui.data.csv_table import csv_lines
from tui.terminal.plain_text import plain

T = TypeVar("T")
NOT_DONE = "Nothing was done. To confirm without a question: --yes"


def ask(question: Callable[[Client], Awaitable[T]], *, start: bool = True) -> T:
    """Run `question` with a connected client; an error becomes one line on stderr and an exit status."""
    try:
        return ask_or_raise(question, start=start)
    except DltuiError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)


def ask_or_raise(question: Callable[[Client], Awaitable[T]], *, start: bool = True) -> T:
    async def run() -> T:
        async with await connect(places.home(), start=start) as client:
            if client.notice:
                tell(client.notice)
            return await question(client)

    return asyncio.run(run())


def fail(error: DltuiError) -> NoReturn:
    """Exit status 2 for wrong input, as for an option that does not parse; 1 for all else."""
    tell_error(error)
    sys.exit(exit_code(error))


def exit_code(error: DltuiError) -> int:
    return 2 if isinstance(error, InputError) else 1


def tell_error(error: DltuiError) -> None:
    tell(error.message)
    if error.remedy:
        tell(f"  {error.remedy}")


def tell(text: str) -> None:
    """Talk goes to stderr; nothing foreign reaches the terminal raw."""
    print(plain(text, lines=True), file=sys.stderr)


def say(text: str) -> None:
    """Data for a person on stdout."""
    print(plain(text, lines=True, limit=10_000_000))


def say_json(data: Json | list[Json]) -> None:
    print(json.dumps(data, allow_nan=False, indent=2))


def write_csv(names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Data for another program; where a terminal shows it, nothing foreign reaches that raw."""
    for line in csv_lines(names, rows, for_terminal=sys.stdout.isatty()):
        sys.stdout.write(line)


def is_confirmed(question: str, otherwise: str = NOT_DONE) -> bool:
    """Whether somebody says yes. Exits with status 2 where nobody can be asked."""
    print(f"{plain(question)} [y/N]: ", end="", file=sys.stderr, flush=True)
    try:
        answer = sys.stdin.readline() if sys.stdin else ""
    except (OSError, ValueError):  # closed, or bytes that are no text
        answer = ""
    if not answer:
        tell(f"\nNobody answered. {otherwise}")
        sys.exit(2)
    return answer.strip().lower() in ("y", "yes")
