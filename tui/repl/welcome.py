"""Rows of an empty transcript: hints, or how to train a first model."""

from __future__ import annotations

from collections.abc import Sequence

from engine.session_protocol.language import LanguageModelRow
from tui.repl.slash_commands import COMMANDS
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_text

UNTRAINED = (
    "A language model reads sentences word by word and learns what comes next. Trained on 25,014 photo",
    "captions it takes some minutes on two cores; from its first checkpoint on it answers here.",
)
HINTS = (
    ("words", "the most probable next words, as you type"),
    ("tab 1-9", "take the best word, or the numbered one after a space; '1 types 1"),
    ("enter", "generate words that continue yours"),
    ("/score", "surprisal of each word, in bits"),
    ("/", "all commands: blanks, both ways, beam search, gates, attention"),
    ("paste", "several lines at once: they are scored as a table"),
)


def welcome(model: LanguageModelRow | None, is_known: bool, width: int, height: int) -> Sequence[Row]:
    if model is None:
        return untrained(width) if is_known else [(Span(" looking for models", "muted"),)]
    rows: list[Row] = [(), (Span("  Prompt the model.", "strong"),)]
    rows += [*((Span("  "), *row) for row in wrap_text(direction_text(model), width - 4, "muted")), ()]
    return rows + [(Span(f"  {key:<9}", "key"), Span(words, "text")) for key, words in HINTS]


def untrained(width: int) -> list[Row]:
    rows: list[Row] = [(), (Span("  No language model yet.", "strong"),), ()]
    rows += [(Span("  "), *row) for row in wrap_text(" ".join(UNTRAINED), min(width - 4, 90), "text")]
    keys = (Span("  esc n ", "key"), Span("sets one up. ", "text"), Span("5 ", "key"))
    return [*rows, (), (*keys, Span("after esc: the four models and their corpus.", "text"))]


def direction_text(model: LanguageModelRow) -> str:
    """Which words the model predicts."""
    if model.direction == "reversed":
        return "A reversed model: predicts the words before yours."
    return "A forward model: predicts the words after yours."


def command_list(width: int) -> Sequence[Row]:
    """All slash commands with their arguments and help."""
    rows: list[Row] = []
    for command in COMMANDS:
        first, *rest = wrap_text(command.help, width - 29, "muted")
        rows.append((Span(f"{command.word:<13}", "key"), Span(f"{command.argument:<16}", "text"), *first))
        rows += [(Span(" " * 29), *row) for row in rest]
    return rows
