"""The dialog that asks for the file in which a log is saved."""

from __future__ import annotations

import re
from pathlib import Path

from engine.errors import InputError
from engine.protocol import RunSummary
from tui.data.run_text import name_of
from tui.dialogs.text_prompt import TextPrompt
from tui.runs.log_view import LogView


def save_log_dialog(log: LogView, run: RunSummary) -> TextPrompt:
    """Saves the log, or with a search its matching lines, and says how much and where."""
    name = re.sub(r"[^\w.-]+", "-", name_of(run)).strip("-.") or run.id
    what = f"Lines of the log that match {log.pattern}" if log.pattern else "The whole log"

    async def submit(text: str) -> str:
        if not text.strip():
            raise InputError("Expected the name of a file.")
        return await log.save(Path(text.strip()).expanduser().absolute())

    about = f"{what} into a new file; a name without a folder is in {Path.cwd()}."
    return TextPrompt(f"Save the log of {name_of(run)}", f"{name}.log", about, "save", submit)
