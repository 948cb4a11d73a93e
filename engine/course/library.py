"""The course and the decks of the user's own under `learn/decks/`, as one set of lectures and items.

Ids of a user's deck begin with its folder and a colon, so that decks never collide: `mine:l01.bias.recall`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from engine.course.deck import Deck, read_deck
from engine.course.deck_files import deck_folders
from engine.course.index import ItemFacts, index_of
from engine.course.items import Item
from engine.course.problems import Problem
from engine.course.questions import why_broken


@dataclass(frozen=True, slots=True)
class Library:
    decks: dict[str, Deck]
    """by prefix: "" for the course, "NAME:" for others"""
    left_out: dict[str, Problem]
    """decks that cannot be used at all, by name"""

    def find_item(self, item_id: str) -> Item | None:
        prefix, _, bare = item_id.rpartition(":")
        deck = self.decks.get(f"{prefix}:" if prefix else "")
        return deck.items.get(bare) if deck else None

    def index(self) -> dict[str, ItemFacts]:
        """Of the items that can be asked: one of a user's deck whose key cannot be computed is left out."""
        found: dict[str, ItemFacts] = {}
        for prefix, deck in self.decks.items():
            found.update(
                {
                    prefix + name: _with_prefix(one, prefix)
                    for name, one in index_of(deck).items()
                    if not prefix or not why_broken(deck.items[name])
                }
            )
        return found


def read_library(learn: Path) -> Library:
    """`learn` is the folder of a home. A deck without a lecture is left out, with the first reason."""
    decks, left_out = {"": read_deck()}, {}
    for folder in deck_folders(learn):
        deck = read_deck(folder)
        if deck.lectures:
            decks[f"{folder.name}:"] = deck
        else:
            left_out[folder.name] = (
                deck.problems or (Problem("course.toml", 0, "", "", "a lecture", "none"),)
            )[0]
    return Library(decks, left_out)


def _with_prefix(facts: ItemFacts, prefix: str) -> ItemFacts:
    """Aids are the same in every deck; the rest is the deck's own."""
    return facts if not prefix else dataclasses.replace(
        facts,
        id=prefix + facts.id,
        lecture=prefix + facts.lecture,
        opened_by=tuple(one if one.startswith("aid:") else prefix + one for one in facts.opened_by),
        needs=tuple(prefix + one for one in facts.needs),
    )  # fmt: skip
