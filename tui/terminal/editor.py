"""The editor of VISUAL or EDITOR, in the terminal of the app."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.errors import DltuiError

if TYPE_CHECKING:
    from textual.app import App

LONGEST_NAME = 80
"""characters of an editor's command in a message"""


def editor_of_environment() -> str:
    """The command of VISUAL or EDITOR; empty where neither names one."""
    return os.environ.get("VISUAL", "").strip() or os.environ.get("EDITOR", "").strip()


def run_editor(command: str, path: str) -> None:
    """Wait for the editor. Raises DltuiError, where it cannot start or ends with an error."""
    named = f"The editor {command[:LONGEST_NAME]!r}"
    try:
        status = subprocess.run([*shlex.split(command), path], check=False).returncode
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DltuiError(f"{named} cannot be used: {reason}.", "Set VISUAL or EDITOR.") from error
    if status:
        raise DltuiError(f"{named} ended with {status}.")


async def edit_in_terminal(app: App[Any], command: str, path: str) -> None:
    """Suspend the app and wait for the editor; what the engine sends meanwhile is read as ever.

    Raises DltuiError as `run_editor`, SuspendNotSupported where the terminal is not one of its own.
    """
    failed: DltuiError | None = None
    with app.suspend(), _signals_for_the_editor():
        try:
            await asyncio.to_thread(run_editor, command, path)
        except DltuiError as error:  # out of the block it would leave the app suspended
            failed = error
    if failed is not None:
        raise failed


def check_writable(path: str) -> None:
    """Raises DltuiError where the file, or the folder that it is to be written in, is read-only."""
    for place in (path, os.path.dirname(path)):
        if os.path.exists(place) and not os.access(place, os.W_OK):
            raise DltuiError(f"{place} is read-only.", f"chmod u+w {shlex.quote(place)}")


@contextmanager
def _signals_for_the_editor(
    ignored: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGQUIT),
) -> Iterator[None]:
    """Keys that interrupt the editor do not end the app, and ctrl+z stops both."""
    before = {number: signal.signal(number, lambda *_: None) for number in ignored}
    before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
