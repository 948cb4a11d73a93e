"""`dltui keys`: the keys of the app and their names in keys.json."""

from __future__ import annotations

from typing import Annotated

import typer

from engine import places
from engine.errors import InputError
from tui.cli.engine_call import fail, print_json, print_lines, print_stderr
from tui.cli.ls import AsJson
from tui.cli.table import TableColumn, table

COLUMNS = (TableColumn("name"), TableColumn("keys"), TableColumn("where", 6), TableColumn("what it does", 12))


def keys(
    word: Annotated[
        str, typer.Argument(metavar="[WORD]", help="only keys with this word in a column (default: all)")
    ] = "",
    json: AsJson = False,
) -> None:
    """Print the keys of the app and their names for keys.json."""
    from tui.keys.all_keys import KEYS, heading_of, shown
    from tui.keys.user_keymap import read_keymap

    path = places.home().keymap
    keymap = read_keymap(path)
    rows = [
        (
            key.id,
            " ".join(shown(one) for one in keymap.keys.get(key.id, key.key).split(",")),
            heading_of(key),
            key.help,
        )
        for key in KEYS
    ]
    found = [row for row in rows if word.lower() in " ".join(row).lower()]
    if not found:
        fail(InputError(f"No key has {word[:80]!r} in its name or its help.", "All of them: dltui keys"))
    if json:
        print_json([dict(zip(("name", "keys", "where", "help"), row, strict=True)) for row in found])
        return
    print_lines(table(COLUMNS, found))
    print_stderr(keymap.problem or f'To change keys, write {path}, for instance: {{"run.pause": "P"}}')
