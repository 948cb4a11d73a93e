"""Tags and notes of runs as text."""

from __future__ import annotations

from engine.protocol import RunSummary
from tui.terminal.plain_text import plain

TAGS_SHOWN = 20


def tags_text(run: RunSummary) -> str:
    """#baseline #v2; empty for a run without tags."""
    tags = [f"#{plain(tag, limit=40)}" for tag in run.tags[:TAGS_SHOWN]]
    more = [f"and {len(run.tags) - TAGS_SHOWN:,} more"] if len(run.tags) > TAGS_SHOWN else []
    return " ".join(tags + more)


def note_lines(run: RunSummary) -> list[str]:
    """The note, line by line."""
    return [plain(line.expandtabs(4), limit=4_000) for line in run.note.splitlines()]


def first_line(run: RunSummary) -> str:
    """The first line of the note, with an ellipsis where others follow."""
    lines = note_lines(run)
    return "" if not lines else lines[0] + (" …" if len(lines) > 1 else "")
