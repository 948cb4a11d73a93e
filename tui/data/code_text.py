"""The code of a run as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.client.client import Client
from engine.protocol import RunSummary
from tui.ui.numbers import size

if TYPE_CHECKING:
    from engine.experiment_files.code import RunCode

NOT_COMMITTED = "not committed"
CHANGED_SINCE = "changed since this run started"


def code_fact(code: RunCode) -> str:
    """One line: the file, how many there are, the commit, and whether it was changed since."""
    count = f"{len(code.files)} files" if len(code.files) > 1 else ""
    return ", ".join(
        filter(None, (code.main, count, commit_text(code), CHANGED_SINCE if code.changed else ""))
    )


def commit_text(code: RunCode) -> str:
    if not code.commit:
        return ""
    note = {"none": "", "kept": " with changes that are not committed"}.get(
        code.diff_note, f" and {code.diff_note}"
    )
    return f"commit {code.commit[:12]}{note}"


def sections(code: RunCode) -> Iterator[tuple[str, str]]:
    """Title and text of each part: what was changed since, the files, what was not committed."""
    if code.changed:
        yield CHANGED_SINCE, code.changed
    for file in code.files:
        too_large = f"{size(file.bytes)}, SHA-256 {file.sha256}: too large to be shown"
        yield file.name, file.text or too_large if file.bytes else ""
    if code.uncommitted:
        yield f"{NOT_COMMITTED} ({commit_text(code)})", code.uncommitted


def changed_names(code: RunCode) -> list[str]:
    """The files in the difference to what is there now."""
    return [
        line.removeprefix("--- ").removesuffix(" (the run)")
        for line in code.changed.splitlines()
        if line.startswith("--- ") and line.endswith(" (the run)")
    ]


def diff_style(line: str) -> str:
    """The style of a line of a unified diff."""
    if line.startswith(("+++", "---", "@@")):
        return "muted"
    return "good" if line.startswith("+") else "bad" if line.startswith("-") else "text"


async def code_difference(client: Client, runs: Sequence[RunSummary]) -> str:
    """The diff from the code of the first run to that of the first other one whose code differs; else empty.

    Raises DltuiError.
    """
    sources = [run.spec.file.source if run.spec.file else "" for run in runs]
    other = next((place for place, source in enumerate(sources) if source and source != sources[0]), None)
    if other is None or not sources[0]:
        return ""
    one, two = await client.code(runs[0].id), await client.code(runs[other].id)
    if not (one and two):
        return ""
    from engine.experiment_files.code import difference  # not before the first screen

    return difference(one, two, (runs[0].spec.name, runs[other].spec.name))
