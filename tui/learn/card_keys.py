"""The keys that are named below a question, by its form and by what came of it so far."""

from __future__ import annotations

from collections.abc import Sequence

from tui.keys.learn import RATINGS
from tui.learn.card_rows import CardState

TYPED_KEYS = {f"card.{name}": f"card.typed_{name}" for name in ("guessed", "hint", "later", "undo", "type")}
"""the keys that do the same while one types"""


def keys_beside_text(names: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same where letters are text."""
    return [(TYPED_KEYS.get(name, name), label) for name, label in names]


def card_keys(card: CardState, mode: str, has_more: bool) -> list[tuple[str, str]]:
    """Keys and labels; `mode` is that of the dialog, `has_more` whether another question waits."""
    if card.phase == "done":
        return [
            ("dialog.accept", "next" if has_more or mode == "review" else "close"),
            *([("card.thing", "its aid")] if card.asked.aid else []),
            *([("card.undo", "undo")] if card.marked is not None else []),
            ("dialog.cancel", "leave"),
        ]
    if card.phase == "running":
        return [("dialog.cancel", "leave: the lock stays" if card.locked else "leave")]
    if card.phase == "stopped":
        return [("dialog.accept", "run it again"), ("dialog.cancel", "leave: the lock stays")]
    if card.phase == "seen":
        return [("dialog.accept", "explanation"), ("dialog.cancel", "leave")]
    names = _answer_keys(card)
    if card.asked.form not in ("recall", "essay", "build"):
        names.append(("card.guessed", "guessed"))
    names += [("card.hint", "hint")] if len(card.asked.hints) > card.hints else []
    names += [("card.later", "not today"), ("card.undo", "undo")] if mode == "review" else []
    return [*names, ("dialog.cancel", "leave")]


def _answer_keys(card: CardState) -> list[tuple[str, str]]:
    """Those that answer it."""
    form, accept = card.asked.form, ("dialog.accept", "lock" if card.is_prediction else "answer")
    if form == "recall" and card.phase == "ask":
        return [("card.show", "show")]
    if form == "recall":
        return [("card.show", "knew"), *((f"card.answer_{digit}", label) for digit, label in RATINGS.items())]
    if form in ("choice", "direction"):
        choose = ("card.answer_1", f"to {len(card.asked.choices)} choose")
        return [choose, accept] if card.is_prediction else [choose]
    if form == "order":
        return [("card.move_down", "move down"), ("card.move_up", "move up"), accept]
    if form == "essay":
        tick = ("card.answer_1", f"to {len(card.ticks)} tick")
        return [("dialog.accept", "write"), tick, ("card.show", "keep the ticks")]
    if form == "build":
        return [("aid.down", "control"), ("aid.more", "change"), ("aid.type", "type")]
    if form == "curve":
        way = ("card.type", "draw" if card.types_numbers else "type")
        return [("card.next_point", "next point"), ("card.up", "up"), ("card.down", "down"), way, accept]
    return [accept]
