"""`dltui help TOPIC`: help on topics longer than the help of an option.

A topic is a Markdown file of `help_topics`; `filter` is generated from the tables of the parser.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from engine import filter_fields
from engine.errors import InputError
from engine.protocol import Status
from tui.cli.engine_call import fail, print_lines, print_stdout
from tui.cli.table import terminal_width, wrapped

Rows = list[tuple[str, str]]
FOLDER = Path(__file__).parent / "help_topics"
WIDEST = 120
"""cells of a line, on wider terminals too"""
MARKDOWN_STYLES = {"markdown.code": "bold", "markdown.h2": "bold"}
"""without backgrounds, which a light terminal has not"""


def topics() -> dict[str, str]:
    """Each topic with its title."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
    titles = {name: text.partition("\n")[0].removeprefix("# ") for name, text in texts.items()}
    return {"filter": "Filters of runs and trials", **titles}


def help_on(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="a topic", autocompletion=topics)] = "",
) -> None:
    """Explain a topic, such as filter; without one, list them."""
    known = topics()
    if topic and topic not in known:
        fail(InputError(f"There is no help on {topic[:80]!r}.", f"Topics: {', '.join(known)}."))
    if topic and topic != "filter":
        print_markdown((FOLDER / f"{topic}.md").read_text(encoding="utf-8"))
        return
    print_lines(filter_help() if topic else _overview(known))


def _overview(known: dict[str, str]) -> Iterable[str]:
    yield from ("dltui help TOPIC:", "", *wrapped(list(known.items()), indent=4), "")
    yield "All verbs: dltui --help; one of them: dltui VERB --help"


def print_markdown(text: str) -> None:
    """As it is written in a pipe or file, with headings and lists set off in a terminal."""
    width = terminal_width()
    if width is None:
        print_stdout(text.rstrip("\n"))
        return
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    console = Console(width=min(width, WIDEST), theme=Theme(dict(MARKDOWN_STYLES)), highlight=False)
    console.print(Markdown(text, code_theme="ansi_dark", hyperlinks=False))


def filter_help() -> Iterable[str]:
    """Help on filters, generated from the tables of their parser."""
    yield from ("Runs and trials are filtered by words and comparisons, as in: ", "")
    yield "    dltui ls 'mnist and val_loss<0.1 and not status=failed'"
    yield from _part("Words", _words())
    yield from _part("Comparisons: FIELD SIGN VALUE", _comparisons())
    yield from _part("Fields that are text", list(filter_fields.TEXTS.items()))
    yield from _part("Fields that are numbers", list(filter_fields.NUMBERS.items()))
    yield from _part("Every parameter and every metric is a field too", _examples())


def _words() -> Rows:
    *most, last = filter_fields.SEARCHED
    either, both, neither = (name for name in ("or", "and", "not") if name in filter_fields.CONNECTIVES)
    return [
        ("WORD", f"runs or trials with the word in their {', '.join(most)} or {last}"),
        ('"TWO WORDS"', "several words as one: in double or single quotes"),
        (f"A {both} B, A B", "both"),
        (f"A {either} B", f"one of them; {both} binds closer"),
        (f"{neither} A, (A {either} B) {both} C", "the opposite; parentheses"),
    ]


def _comparisons() -> Rows:
    yes, no = (
        ", ".join(word for word, is_on in filter_fields.BOOLEANS.items() if is_on == on) for on in (1, 0)
    )
    return [
        (" ".join(sorted(filter_fields.OPERATORS, key=filter_fields.OPERATORS.index)), "== is ="),
        ("TEXT", "only with =, !=, ~ and !~; upper and lower case are equal"),
        (
            f"{filter_fields.MATCHES} {filter_fields.MATCHES_NOT}",
            "a regular expression matches, or not, somewhere in a text: name~/^seed [1-3]$/",
        ),
        ("tag:NAME", 'as tags=NAME; tags="" are runs without a tag'),
        ("AGE", "a number with s, m, h, d or w: age<2d, age>1h30m"),
        ("params.NAME metrics.NAME", "a parameter or a metric that is called as a field above"),
        ("STATUS", f"one of {', '.join(Status)}"),
        ("yes or no", f"{yes}; {no}"),
        ("no value", "a run that lacks the field passes no comparison, and every `not` of one"),
    ]


def _examples() -> Rows:
    return [
        ("val_accuracy>0.98", "a metric: its last value"),
        ("lr>=0.001 optimizer=adam", "parameters, as they were changed live"),
        ('name="my run" or sweep=tpe1', "a name with a blank in it; the trials of a sweep"),
    ]


def _part(title: str, rows: Rows) -> Iterable[str]:
    return ["", title, *wrapped(rows, indent=4)]
