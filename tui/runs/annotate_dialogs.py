"""The dialogs that give runs a name, tags and a note."""

from __future__ import annotations

from collections.abc import Sequence

from engine.client.client import Client
from engine.protocol import RunSummary
from tui.data.annotation_text import tags_text
from tui.data.run_text import name_of
from tui.data.same_run_name_warning import same_name_warning
from tui.dialogs.text_prompt import TextPrompt
from tui.terminal.plain_text import plain
from tui.ui.text_field import LONGEST

NEW_LINE = "␊"
"""how a text field shows, and takes, the end of a line"""


def rename_dialog(client: Client, run: RunSummary) -> TextPrompt:
    async def submit(text: str) -> str:
        found = await client.annotate(run.id, name=text.strip())
        warning = await same_name_warning(client, found)
        return warning or f"{name_of(run)} is called {name_of(found)} from now on."

    about = "Letters, digits, spaces and . _ -; empty: the name with which it was submitted."
    return TextPrompt(f"name of {name_of(run)}", run.spec.name, about, "rename", submit)


def tags_dialog(client: Client, runs: Sequence[RunSummary]) -> TextPrompt:
    """Of several runs the tags that all of them have; those that only some have stay as they are."""
    shared = [tag for tag in runs[0].tags if all(tag in run.tags for run in runs)]

    async def submit(text: str) -> str:
        given = [tag.removeprefix("#") for tag in text.replace(",", " ").split()]
        gone = [tag for tag in shared if tag not in given]
        changed = [await client.annotate(run.id, add=given, remove=gone) for run in runs]
        if len(changed) > 1:
            return f"{len(changed):,} runs: {' '.join(f'#{tag}' for tag in given) or 'no common tag'}"
        return f"{name_of(changed[0])}: {tags_text(changed[0]) or 'no tag'}"

    title = f"tags of {name_of(runs[0]) if len(runs) == 1 else f'{len(runs):,} runs'}"
    about = "Words of letters and digits, such as baseline v2. tags=baseline in the filter finds them."
    return TextPrompt(title, " ".join(shared), about, "set tags", submit)


def note_dialog(client: Client, run: RunSummary) -> TextPrompt | None:
    """None for a note that is too long for a line."""
    shown = run.note.replace("\n", NEW_LINE)
    if len(shown) > LONGEST or plain(shown, limit=LONGEST) != shown:
        return None

    async def submit(text: str) -> str:
        changed = await client.annotate(run.id, note=text.replace(NEW_LINE, "\n"), before=run.note)
        return f"{name_of(run)}: its note is {'written' if changed.note else 'removed'}."

    about = (
        f"Pane overview shows it. {NEW_LINE} ends a line; dltui note {run.id[-4:]} --edit opens an editor."
    )
    return TextPrompt(f"note of {name_of(run)}", shown, about, "write", submit)
