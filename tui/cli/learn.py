"""`dltui learn`: the course in a shell, without a running engine."""

from __future__ import annotations

import sys
import textwrap
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from engine import places
from engine.errors import InputError
from tui.cli import learn_session
from tui.cli.engine_call import exit_on_error, fail, print_json, print_lines, print_stderr, print_stdout
from tui.cli.learn_due import due_text
from tui.cli.ls import AsJson
from tui.cli.name_values import parse_settings
from tui.cli.table import TableColumn, table
from tui.cli.usage_text import Verb

WIDTH = 76
LECTURES = (
    TableColumn("lecture"), TableColumn("title", 12), TableColumn("sections"), TableColumn("goals"),
    TableColumn("cards"), TableColumn("due"),
)  # fmt: skip
AIDS = (TableColumn("name"), TableColumn("lecture"), TableColumn("title", 12), TableColumn("drawing"))
app = typer.Typer(
    help="Lectures, aids to try, questions that come back.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
Seed = Annotated[
    int | None, typer.Option("--seed", help="number that draws what is random (default: 0)", min=0)
]


@app.callback()
def today_without_a_command(context: typer.Context) -> None:
    """Lectures, aids to try, questions that come back; alone it prints what is due today."""
    if context.invoked_subcommand is None:
        learn_session.today()


def due(json: AsJson = False) -> None:
    """Print how many cards are due today, and on the days to come."""
    from engine.course.due import count_due

    with exit_on_error():
        found = count_due(places.home().learn, time.time())
    if json:
        print_json(found)
    else:
        print_stdout(due_text(found.due, found.new, found.minutes, found.next))


def lectures(json: AsJson = False) -> None:
    """Print the lectures, how far you are in each, and what is due."""
    from engine.course import queries

    found = _asked(lambda: queries.lectures(places.home().learn, time.time()))
    if json:
        print_json(found)
        return
    rows = [
        (
            one["id"],
            one["title"],
            _part(one["sections"]),
            _part(one["goals"]),
            f"{one['known']} known, {one['learning']} learning, {one['new']} new",
            str(one["due"]),
        )
        for one in found
    ]
    print_lines(table(LECTURES, rows))


def show(
    lecture: Annotated[str, typer.Argument(metavar="LECTURE[.SECTION]", help="lecture, such as 2 or 2.3")],
    json: AsJson = False,
) -> None:
    """Print a lecture, or one section of it."""
    from engine.course import queries
    from engine.course.library import read_library

    found, sections = _asked(lambda: queries.find_lecture(read_library(places.home().learn), lecture))
    if json:
        print_json(
            {"id": found.id, "title": found.title, "minutes": found.minutes, "sections": list(sections)}
        )
        return
    prefix = lecture.rpartition(":")[0]
    opened = [f"{prefix}{':' if prefix else ''}{found.id}.{section.slug}" for section in sections]
    _note_opened(opened)
    print_stdout(f"{found.id}  {found.title}")
    for section in sections:
        print_stdout(f"\n{section.title}\n{'-' * len(section.title)}")
        for block in section.blocks:
            print_stdout(
                "\n" + _block_text(block) if block.kind not in ("bullet", "number") else _block_text(block)
            )


def words(
    word: Annotated[
        str, typer.Argument(metavar="[TERM]", help="term, or a word of its text (default: all)")
    ] = "",
    json: AsJson = False,
) -> None:
    """Print terms of the glossary."""
    from engine.course import queries

    found = _asked(lambda: queries.words(places.home().learn, word))
    if json:
        print_json(found)
        return
    for one in found:
        names = ", ".join((one["name"], *one["aliases"]))
        print_stdout(f"{names}  ({one['lecture']}{', aid ' + one['aid'] if one['aid'] else ''})")
        print_stdout(textwrap.indent(textwrap.fill(one["text"], WIDTH - 2), "  "))


def aids(json: AsJson = False) -> None:
    """Print the aids: what lectures let one touch."""
    from engine.course import queries

    found = _asked(queries.aids)
    if json:
        print_json(found)
        return
    rows = [(one["name"], one["lecture"], one["title"], one["drawing"]) for one in found]
    print_lines(table(AIDS, rows))
    print_stderr("Compute one: dltui learn aid neuron --set w1=2")


def aid(
    name: Annotated[str, typer.Argument(metavar="NAME", help="name of an aid: dltui learn aids")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="value of a parameter; repeatable")
    ] = None,
    seed: Seed = None,
    json: AsJson = False,
) -> None:
    """Compute an aid and print its values; --json has the data of its drawing too."""
    from engine.course import queries

    given = _asked(lambda: parse_settings(settings or []))
    if _asked(lambda: queries.looks_into_runs(name)):
        made = learn_session.aid_of_run(name, given, seed or 0)
    else:
        made = _asked(lambda: queries.aid(name, given, seed or 0))
    if json:
        print_json(made)
        return
    _note_opened([f"aid:{name}"])
    meanings = queries.values_in_words(name)
    if made.get("note"):
        print_stderr(made["note"])
    rows = [(key, f"{value:.6g}", meanings[key]) for key, value in made["values"].items()]
    print_lines(table((TableColumn("value"), TableColumn(""), TableColumn("meaning", 12)), rows))
    used = " ".join(f"{key}={value}" for key, value in made["params"].items())
    print_stderr(f"With {used} seed={made['seed']}")


def item(
    item_id: Annotated[str, typer.Argument(metavar="ID", help="id of an item, such as l02.bias.recall")],
    seed: Seed = None,
    json: AsJson = False,
) -> None:
    """Print a question as it is drawn, with its computed key: for teachers."""
    from engine.course import queries
    from engine.course.line_review import key_text

    made = _asked(lambda: queries.item(places.home().learn, item_id, seed))
    if json:
        print_json(made)
        return
    print_stdout(textwrap.fill(made["ask"], WIDTH))
    for number, choice in enumerate(made.get("choices", ()), 1):
        print_stdout(f"  {number} {choice}")
    print_stdout(f"key   {_key(made, key_text)}")
    if made["aid"]:
        given = " ".join(f"{key}={value}" for key, value in made["params"].items())
        print_stdout(f"aid   {made['aid']} {given}".rstrip())
    print_stdout(f"seed  {made['seed']}")


def check(
    deck: Annotated[
        Path | None,
        typer.Argument(metavar="[DECK]", help="folder of a deck, or name of yours (default: the course)"),
    ] = None,
    json: AsJson = False,
) -> None:
    """Check a deck: files, items, keys and references. Exits with 1 where there are problems."""
    from engine.course import queries
    from engine.course.problems import Problem

    if deck is not None and not deck.is_dir():
        own = places.home().learn / "decks" / deck
        if len(deck.parts) != 1 or not own.is_dir():
            fail(
                InputError(
                    f"deck: expected a folder, or the name of a deck of yours, got {str(deck)[:80]!r}."
                )
            )
        deck = own
    made = _asked(lambda: queries.check_deck(deck.absolute() if deck else None))
    if json:
        print_json({key: value for key, value in made.items() if key != "summary"})
    else:
        for problem in made["problems"]:
            print_stdout(str(Problem(**problem)))
        print_stdout(made["summary"])
    sys.stdout.flush()
    if not made["ok"]:
        sys.exit(1)


def review(
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", help="most cards to ask (default: all)", min=1)
    ] = None,
) -> None:
    """Answer what is due, line by line: for plain terminals and screen readers."""
    from engine.course.line_review import LineReview

    marked = _asked(lambda: LineReview(places.home().learn, _ask_line, _tell, time.time).run(limit))
    print_stderr("1 card marked." if marked == 1 else f"{marked} cards marked.")


def _ask_line(prompt: str) -> str | None:
    sys.stdout.flush()
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def _tell(text: str) -> None:
    print_stdout(textwrap.fill(text, WIDTH, subsequent_indent="    " if text.startswith("  ") else "") or "")


def _asked(query: Any) -> Any:
    with exit_on_error():
        return query()


def _note_opened(opened: list[str]) -> None:
    from engine.course import queries

    if why := queries.note_opened(places.home().learn, opened, time.time()):
        print_stderr(why)


def _part(part: dict[str, int]) -> str:
    return f"{part['done']} of {part['of']}"


def _key(made: dict[str, Any], text: Any) -> str:
    key, choices = made["key"], made.get("choices")
    if choices and isinstance(key, int):
        return str(choices[key])
    if choices and isinstance(key, list):
        return ", ".join(choices[place] for place in key)
    if isinstance(key, list):
        return " ".join(text(one) for one in key)
    return "none: it is judged by yourself" if key is None else str(text(key))


def _block_text(block: Any) -> str:
    """A block as plain text of at most 76 columns."""
    if block.kind == "aid":
        given = " ".join(f"--set {key}={value}" for key, value in (block.params or {}).items())
        return f"> dltui learn aid {block.name} {given}".rstrip()
    if block.kind == "item":
        return f"> dltui learn item {block.name}"
    if block.kind == "code":
        return textwrap.indent(block.text, "    ")
    sign = {"bullet": "- ", "number": f"{block.name}. ", "quote": "| "}.get(block.kind, "")
    return textwrap.fill(block.text, WIDTH, initial_indent=sign, subsequent_indent=" " * len(sign))


app.command("today", cls=Verb)(learn_session.today)
app.command("due", cls=Verb)(due)
app.command("review", cls=Verb)(review)
app.command("lectures", cls=Verb)(lectures)
app.command("show", cls=Verb)(show)
app.command("words", cls=Verb)(words)
app.command("aids", cls=Verb)(aids)
app.command("aid", cls=Verb)(aid)
app.command("item", cls=Verb)(item)
app.command("check", cls=Verb)(check)
app.command("exam", cls=Verb)(learn_session.exam)
app.command("progress", cls=Verb)(learn_session.progress)
app.command("reset", cls=Verb)(learn_session.reset)
app.command("export", cls=Verb)(learn_session.export)
app.command("import", cls=Verb)(learn_session.import_)
