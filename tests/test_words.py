"""Texts of the product use terms of the field: help, keys, forms, the catalog, errors and notices."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from engine.catalog import SUITES, experiments
from engine.params import declared
from tui.cli.commands import app
from tui.cli.help import FOLDER
from tui.dialogs.form_dialog import ABOUT
from tui.keys.all_keys import KEYS
from tui.sweeps.sweep_settings import MORE, SETTINGS

ROOT = Path(__file__).parents[1]
PRIVATE = re.compile(
    r"\b(folds?|lanes?|rungs?|climbs?|wavers?|moulds?|liveli\w+|lively|hears?|dress|deeds?|colder|warmer"
    r"|twins?|a stand-in|forgotten|speaks of|stands? there|did not get there|not right yet"
    r"|worked out|on (?:its|their) way|one moment|strike here|told apart|taken for|what decides|say what"
    r"|talk to it|it (?:starts|is started|says|waits)|goes? on|gone on"
    r"|asked (?:just|\d)|anew|rubber)\b",
    re.IGNORECASE,
)
"""words that one has to know the source to understand, and metaphors"""
HEADLESS = re.compile(r"^(of|it|that|at which|by which|in which|how|what|where|after which|to compare) ")
"""a help text begins with what the parameter is"""
A_NOTEBOOK = re.compile(r"\bthe notebook\b|(?<!course's )\bnotebook's\b")
"""a stranger has none: the course's notebook"""
NAMES = re.compile(r"--\w+|^rungs: |^xor (?:rung|lane)")
"""options, settings and groups of tasks keep their names"""
RAISED = re.compile(r"(Error|Unknown\w+|Refused|Finding|fail|tell|notify|notice)$")
"""calls whose texts a person reads"""


def faults(text: str) -> list[str]:
    """The terms of a text that are private to this project."""
    bare = NAMES.sub("", text)
    found = [match[0] for match in PRIVATE.finditer(bare)]
    return found + [match[0] for match in A_NOTEBOOK.finditer(bare)]


def helps_of_forms() -> Iterator[tuple[str, str]]:
    """(where, text) of every field of every form."""
    for one in experiments():
        for param in declared(one.params):
            yield f"{one.name}.{param.name}", param.help
    for param in (*ABOUT, *SETTINGS, *MORE):
        yield f"form.{param.name}", param.help


def helps_of_options() -> Iterator[tuple[str, str]]:
    """(where, text) of every argument and option of every verb."""
    for path, command in commands_of(typer.main.get_command(app), "dltui"):
        for param in command.params:
            yield f"{path} {param.name}", getattr(param, "help", "") or ""


def commands_of(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, one in getattr(command, "commands", {}).items():
        yield from commands_of(one, f"{path} {name}")


def texts_of_the_catalog() -> Iterator[tuple[str, str]]:
    for one in experiments():
        yield one.name, one.title
        yield one.name, one.claim
    for suite in SUITES:
        yield suite.name, suite.title


def texts_of_verbs() -> Iterator[tuple[str, str]]:
    for path, command in commands_of(typer.main.get_command(app), "dltui"):
        yield path, command.help or ""


def texts_of_keys() -> Iterator[tuple[str, str]]:
    for key in KEYS:
        yield key.id, f"{key.label} {key.help}"


def texts_of_errors() -> Iterator[tuple[str, str]]:
    """The literals in calls that make errors, findings and notices, in all of the source."""
    for room in ("engine", "checkpoints", "tui"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and RAISED.search(_name_of(node.func)):
                    where = f"{path.relative_to(ROOT)}:{node.lineno}"
                    yield from ((where, text) for text in _literals(node))


def _name_of(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _literals(node: ast.Call) -> Iterator[str]:
    for argument in (*node.args, *(word.value for word in node.keywords)):
        for part in ast.walk(argument):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value:
                yield part.value


def texts_of_screens() -> Iterator[tuple[str, str]]:
    """Every literal of the app and its verbs that holds a blank, but for docstrings."""
    for path in sorted((ROOT / "tui").rglob("*.py")):
        tree = ast.parse(path.read_text())
        lines = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
        docstrings = {id(line) for line in lines if isinstance(line, ast.Constant)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in docstrings and " " in str(node.value):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", str(node.value)


def texts_of_help_topics() -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.glob("*.md")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield f"{path.name}:{number}", line


def _faulty(texts: Iterator[tuple[str, str]]) -> list[str]:
    return [f"{where}: {faults(text)} in {text!r}" for where, text in texts if faults(text)]


@pytest.mark.parametrize(
    "texts",
    [
        helps_of_forms,
        helps_of_options,
        texts_of_the_catalog,
        texts_of_verbs,
        texts_of_keys,
        texts_of_errors,
        texts_of_screens,
        texts_of_help_topics,
    ],
)
def test_no_text_has_a_word_of_our_own(texts: Any) -> None:
    found = list(texts())
    assert len(found) > 5
    assert _faulty(iter(found)) == []


@pytest.mark.parametrize("texts", [helps_of_forms, helps_of_options])
def test_a_help_text_begins_with_what_the_value_is(texts: Any) -> None:
    assert [f"{where}: {text}" for where, text in texts() if not text or HEADLESS.search(text)] == []


@pytest.mark.parametrize(
    "text", ["of the units", "it starts", "the notebook's six runs", "a plane folds", "Its networks goes on"]
)
def test_the_texts_of_before_are_refused(text: str) -> None:
    assert faults(text) or HEADLESS.search(text)
