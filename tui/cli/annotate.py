"""`dltui rename`, `tag` and `note`: what the user gives a run after its submission."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Annotated

import typer

from engine.client.client import Client
from engine.errors import DltuiError, InputError
from engine.protocol import RunSummary
from tui.cli.engine_call import (
    call_engine,
    call_engine_or_raise,
    fail,
    print_json,
    print_stderr,
    print_stdout,
)
from tui.cli.ls import AsJson, Run, fail_on_unknown_name, read_all_rows
from tui.cli.shell_completion import complete_run
from tui.data.annotation_text import tags_text
from tui.data.same_run_name_warning import same_name_warning
from tui.data.value_text import run_json


def rename(
    run: Run,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help='new name; "" is the name with which it was submitted')
    ],
    json: AsJson = False,
) -> None:
    """Give a run another name, also while it trains."""

    async def request(client: Client) -> tuple[RunSummary, str]:
        found = await client.annotate(run, name=name)
        return found, await same_name_warning(client, found)

    found, warning = call_engine(request)
    print_json(run_json(found)) if json else print_stdout(f"{found.id}  {found.spec.name}")
    if warning:
        print_stderr(warning)


def tag(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... TAG[,TAG...]",
            help="runs, then tags such as baseline or draft,v2",
            autocompletion=complete_run,
        ),
    ],
    remove: Annotated[bool, typer.Option("--remove", help="take these tags away")] = False,
    where: Annotated[
        str, typer.Option("--where", metavar="FILTER", help="all runs that pass this filter, as in ls")
    ] = "",
    json: AsJson = False,
) -> None:
    """Tag runs, or take tags away.

    dltui ls tag=baseline lists those with a tag.
    """
    *runs, given = words
    tags = [one for one in (part.strip().removeprefix("#") for part in given.split(",")) if one]
    if not runs and not where:
        fail(InputError("Expected a RUN or --where FILTER before the tags, got neither."))
    if not tags:
        fail(InputError(f"Expected a tag, got {given[:80]!r}."))
    added, removed = ((), tags) if remove else (tags, ())

    matching = _matching(where) if where else []

    async def request(client: Client) -> list[RunSummary]:
        found = [*runs, *matching]
        return [await client.annotate(run, add=added, remove=removed) for run in dict.fromkeys(found)]

    done = call_engine(request)
    if json:
        print_json([run_json(run) for run in done])
        return
    for one in done:
        print_stdout(f"{one.id}  {tags_text(one) or '-'}")
    if not done:
        print_stderr(f"No run passes the filter {where[:80]!r}.")


def _matching(where: str) -> list[str]:
    """Ids of all runs that pass the filter. Exits where it has a name that no run has."""
    page = call_engine(lambda client: read_all_rows(client, where))
    fail_on_unknown_name(page)
    return [run.id for run in page.runs]


def note(
    run: Run,
    text: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help='the note; "" is none, - is read from the input'),
    ] = None,
    edit: Annotated[bool, typer.Option("--edit", help="open it in the editor of VISUAL or EDITOR")] = False,
    json: AsJson = False,
) -> None:
    """Show the note of a run, or replace it."""
    if edit and text is None:
        found = _edited(run)
    elif text is None:
        found = call_engine(lambda client: client.show(run))
    else:
        new = sys.stdin.read() if text == "-" else text
        found = call_engine(lambda client: client.annotate(run, note=new))
    if json:
        print_json(run_json(found))
    elif found.note:
        print_stdout(found.note)
    else:
        print_stderr(f"{found.spec.name or found.id} has no note.")


def _edited(run: str) -> RunSummary:
    """The run with the note that the user made of it in an editor. Exits where it cannot be saved."""
    from tui.terminal.editor import editor_of_environment, run_editor

    editor = editor_of_environment()
    if not editor:
        fail(InputError("Neither VISUAL nor EDITOR names an editor.", "dltui note RUN TEXT needs none."))
    if not sys.stdin.isatty():
        fail(InputError("An editor needs a terminal.", "dltui note RUN - reads the note from the input."))
    found = call_engine(lambda client: client.show(run))
    with tempfile.NamedTemporaryFile("w", suffix=".txt", prefix="note-", delete=False) as file:
        file.write(f"{found.note}\n" if found.note else "")
    try:
        run_editor(editor, file.name)
        with open(file.name, encoding="utf-8", errors="replace") as written:
            text = written.read()
    except OSError as error:
        fail(DltuiError(f"{file.name} cannot be read: {error.strerror or error}."))
    except DltuiError as error:
        fail(DltuiError(f"{error} The note stays."))
    try:
        done = call_engine_or_raise(lambda client: client.annotate(found.id, note=text, before=found.note))
    except DltuiError as error:
        print_stderr(f"What was written is kept in {file.name}")
        fail(error)
    os.unlink(file.name)
    return done
