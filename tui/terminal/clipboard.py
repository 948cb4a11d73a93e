"""Copying to the clipboard, through SSH (OSC 52) and tmux, and to a file."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

from textual.app import App

from tui.terminal.plain_text import plain

OSC_LIMIT = 74_000
"""longest OSC 52 sequence that terminals accept, in characters"""
TMUX_SECONDS = 2.0


class Clipboard:
    """Copies text to all clipboards within reach."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def copy(self, app: App[Any], text: str) -> str:
        """Copy to tmux where it runs, to the terminal, and always to the file.

        Returns a line that names where the text is. Raises OSError.
        """
        await asyncio.to_thread(_write, self._file, text)
        by_tmux = await _load_into_tmux(text)
        fits = len(text) <= OSC_LIMIT
        if fits:
            app.copy_to_clipboard(text)
        places = ["tmux"] * by_tmux + ["the terminal's clipboard"] * fits + [str(self._file)]
        return f"Copied {plain(text, limit=60)} to {' and '.join(places)}."


async def _load_into_tmux(text: str) -> bool:
    if "TMUX" not in os.environ or shutil.which("tmux") is None:
        return False
    process = await asyncio.create_subprocess_exec(
        "tmux", "load-buffer", "-w", "-",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await asyncio.wait_for(process.communicate(text.encode("utf-8", "replace")), TMUX_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
    return process.returncode == 0


def _write(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
        file.write(text + "\n")
