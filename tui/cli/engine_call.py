"""Calls to the engine from a command: connect, send a request, disconnect; and the output of commands."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NoReturn, TypeVar

from engine import places
from engine.client.client import Client, connect
from engine.errors import DltuiError, InputError
from engine.protocol import fields_of
from tui.data.csv_table import csv_lines
from tui.terminal.plain_text import plain

T = TypeVar("T")
NOT_DONE = "Nothing was done. To confirm without a question: --yes"


def call_engine(request: Callable[[Client], Awaitable[T]], *, start: bool = True) -> T:
    """Run `request` with a connected client; an error is printed in one line and exits."""
    try:
        return call_engine_or_raise(request, start=start)
    except DltuiError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)


def call_engine_or_raise(request: Callable[[Client], Awaitable[T]], *, start: bool = True) -> T:
    async def run() -> T:
        async with await connect(places.home(), start=start) as client:
            if client.notice:
                print_stderr(client.notice)
            return await request(client)

    return asyncio.run(run())


def fail(error: DltuiError) -> NoReturn:
    """Print the error and exit: with 2 for invalid input, like an option that does not parse, else with 1."""
    print_error(error)
    sys.exit(exit_code(error))


@contextmanager
def exit_on_error() -> Iterator[None]:
    """A DltuiError within is printed and exits, as by `fail`."""
    try:
        yield
    except DltuiError as error:
        fail(error)


def exit_code(error: DltuiError) -> int:
    return 2 if isinstance(error, InputError) else 1


def print_error(error: DltuiError) -> None:
    print_stderr(error.message)
    if error.remedy:
        print_stderr(f"  {error.remedy}")


def print_stderr(text: str) -> None:
    """Print a message on stderr, sanitized."""
    print(plain(text, lines=True), file=sys.stderr)


def print_stdout(text: str) -> None:
    """Print data as text on stdout, sanitized."""
    print(plain(text, lines=True, limit=10_000_000))


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print_stdout(line)


def print_json(data: object) -> None:
    """Print JSON, or dataclasses as the JSON that they are on a pipe."""
    print(json.dumps(data, allow_nan=False, indent=2, default=fields_of))


def print_csv(names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Print CSV on stdout, sanitized where stdout is a terminal."""
    for line in csv_lines(names, rows, for_terminal=sys.stdout.isatty()):
        sys.stdout.write(line)


def confirm(question: str, otherwise: str = NOT_DONE) -> bool:
    """Ask on stderr for confirmation. Exits with 2 where stdin is closed."""
    print(f"{plain(question)} [y/N]: ", end="", file=sys.stderr, flush=True)
    try:
        answer = sys.stdin.readline() if sys.stdin else ""
    except (OSError, ValueError):  # closed, or bytes that are no text
        answer = ""
    if not answer:
        print_stderr(f"\nNobody answered. {otherwise}")
        sys.exit(2)
    return answer.strip().lower() in ("y", "yes")
