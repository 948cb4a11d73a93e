"""Every id, class and type in the stylesheet of the app is one that a widget of the app has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import textual.app
import textual.containers
import textual.widgets

TUI = Path(__file__).parents[2] / "tui"
STYLESHEET = re.sub(r"/\*.*?\*/|\{.*?\}", " ", (TUI / "app.tcss").read_text(), flags=re.DOTALL)
NODES = [node for path in TUI.rglob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
WORDS = {
    word
    for node in NODES
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
    for word in node.value.split()
}
OWN_TYPES = {node.name for node in NODES if isinstance(node, ast.ClassDef)}
CLASSES_OF_TEXTUAL = {"--list-visible", "option-list--option-highlighted"}
TYPES_OF_TEXTUAL = {"CommandPalette", "CommandList", "SearchIcon", "Toast", "Screen"}


def _pattern(value: ast.expr) -> str:
    """What a literal or an f-string may be, as a regular expression; a group for what is filled in."""
    if isinstance(value, ast.Constant):
        return re.escape(str(value.value))
    if isinstance(value, ast.JoinedStr):
        return "".join(
            _pattern(part) if isinstance(part, ast.Constant) else r"(\w+)" for part in value.values
        )
    return "(?!)"


IDS = {
    _pattern(keyword.value)
    for node in NODES
    if isinstance(node, ast.Call)
    for keyword in node.keywords
    if keyword.arg == "id"
}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"#([a-z][\w-]*)", STYLESHEET))))
def test_an_id_in_the_stylesheet_is_that_of_a_widget(name: str) -> None:
    found = [match for pattern in IDS if (match := re.fullmatch(pattern, name))]
    assert any(set(match.groups()) <= WORDS for match in found)


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"\.(-?[a-z][\w-]*)", STYLESHEET)) - CLASSES_OF_TEXTUAL)
)
def test_a_class_in_the_stylesheet_is_given_to_a_widget(name: str) -> None:
    assert name in WORDS or name.removeprefix("-") in WORDS


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\b([A-Z]\w+)", STYLESHEET)) - TYPES_OF_TEXTUAL))
def test_a_type_in_the_stylesheet_is_a_widget(name: str) -> None:
    places = (textual.app, textual.containers, textual.widgets)
    assert name in OWN_TYPES or any(hasattr(place, name) for place in places)
