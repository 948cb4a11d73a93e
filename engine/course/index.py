"""What the queue has to know of each item, without its text: small enough to be kept beside the cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.course.deck import Deck


@dataclass(frozen=True, slots=True)
class ItemFacts:
    id: str
    rev: int
    kind: str
    lecture: str
    concept: str
    opened_by: tuple[str, ...]
    """sections and aids, as the log names them: one of them has to be seen before the item appears"""
    needs: tuple[str, ...]
    aid: str


def index_of(deck: Deck) -> dict[str, ItemFacts]:
    """The scheduled items, in the order of the lectures and their text."""
    places: dict[str, list[str]] = {}
    for lecture in deck.lectures.values():
        for section in lecture.all_sections:
            for name in section.named("item"):
                places.setdefault(name, []).append(f"{lecture.id}.{section.slug}")
    order = {name: number for number, name in enumerate(places)}
    items = sorted(deck.items.values(), key=lambda item: (item.lecture, order.get(item.id, len(order))))
    return {
        item.id: ItemFacts(
            item.id,
            item.rev,
            item.kind,
            item.lecture,
            item.concept,
            (*places.get(item.id, ()), *((f"aid:{item.aid}",) if item.aid else ())),
            item.needs,
            item.aid,
        )
        for item in items
        if item.is_scheduled
    }


def index_to_json(index: Mapping[str, ItemFacts]) -> list[list[Any]]:
    return [
        [one.id, one.rev, one.kind, one.lecture, one.concept, list(one.opened_by), list(one.needs), one.aid]
        for one in index.values()
    ]


def index_from_json(made: Iterable[Any]) -> dict[str, ItemFacts]:
    """Raises TypeError or ValueError where it is no index."""
    found = [
        ItemFacts(name, rev, kind, lecture, concept, tuple(opened), tuple(needs), aid)
        for name, rev, kind, lecture, concept, opened, needs, aid in made
    ]
    return {one.id: one for one in found}
