"""What a session keeps of the course: decks, log and what was computed, read again where files have
changed."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TypeAlias, TypeVar

from engine.aids.computing_in_parts import Pieces, in_slices
from engine.course.cards import KNOWN_DAYS, LearnState
from engine.course.days import day_of
from engine.course.deck_files import stamp
from engine.course.index import ItemFacts
from engine.course.items import BuildItem, EssayItem, Item, PredictItem
from engine.course.library import Library, read_library
from engine.course.prediction_runs import ComputedKey, running
from engine.course.questions import Question, computing, question, why_broken
from engine.course.queue import Queue, is_due, is_new, today_queue
from engine.course.review import LearnLog
from engine.errors import DltuiError, InputError
from engine.session.cache import SessionCache
from engine.session_protocol.learn import Computing

KEPT_OUTCOMES = 50
T = TypeVar("T")
Parts: TypeAlias = Generator[Computing, None, T]
"""parts of a stream; it returns what comes last"""


class LearnHome:
    """The course of a home: decks, log, and the newest outcomes."""

    def __init__(self, learn: Path, clock: Callable[[], float] = time.time) -> None:
        self.learn, self.clock = learn, clock
        self.log = LearnLog(learn)
        self.broken: dict[str, str] = {}
        """items whose key could not be computed, with the reason"""
        self._stamp = ""
        self._library: Library | None = None
        self._index: dict[str, ItemFacts] = {}
        self._outcomes: OrderedDict[tuple[str, int, str], ComputedKey] = OrderedDict()

    @property
    def now(self) -> float:
        return self.clock()

    @property
    def today(self) -> date:
        return day_of(self.now)

    @property
    def state(self) -> LearnState:
        return self.log.state

    def refresh(self) -> None:
        """Read the decks again where one of their files has changed."""
        found = stamp(self.learn)
        if found != self._stamp:
            self._library, self._stamp = read_library(self.learn), found
            self._index = self._library.index()
            self.broken.clear()

    @property
    def library(self) -> Library:
        if self._library is None:
            self.refresh()
        assert self._library is not None
        return self._library

    @property
    def index(self) -> dict[str, ItemFacts]:
        """Of the items that can be asked."""
        _ = self.library
        return {name: facts for name, facts in self._index.items() if name not in self.broken}

    def queue(self, more: int = 0) -> Queue:
        return today_queue(self.state, self.index, self.today, more)

    def item(self, item_id: str) -> Item:
        """Raises InputError."""
        found = self.library.find_item(item_id)
        if found is None:
            raise InputError(f"item: expected the id of one, such as l02.bias.recall, got {item_id[:80]!r}.")
        return found

    def items(self) -> Iterator[tuple[str, Item]]:
        for prefix, deck in self.library.decks.items():
            yield from ((prefix + name, item) for name, item in deck.items.items())

    def asked(self, item_id: str, seed: int | None = None) -> Question:
        """As it is asked next, or with the numbers of `seed`."""
        item = self.item(item_id)
        return self.log.question(item_id, item) if seed is None else question(item, seed)

    def computing(self, item_id: str, asked: Question) -> Parts[ComputedKey]:
        """Compute its key, or return the one that is kept. Raises InputError for an item whose key cannot be
        computed; it is in no queue from then on."""
        kept = self._outcomes.get(_key(item_id, asked))
        if kept is not None:
            return kept
        try:
            made = yield from parts_of(self._pieces(item_id, asked))
        except DltuiError as error:
            self.broken[item_id] = str(error)
            raise InputError(f"{item_id} is broken: {error}", "It is left out.") from error
        self._keep(item_id, asked, made)
        return made

    def _pieces(self, item_id: str, asked: Question) -> Pieces[ComputedKey]:
        if isinstance(asked.item, PredictItem):
            return (yield from running(self.learn, item_id, asked, self.today))
        return ComputedKey((yield from computing(asked)), 0.0)

    def _keep(self, item_id: str, asked: Question, outcome: ComputedKey) -> None:
        self._outcomes[_key(item_id, asked)] = outcome
        while len(self._outcomes) > KEPT_OUTCOMES:
            self._outcomes.popitem(last=False)

    def why_broken(self, item_id: str) -> str:
        """Why its key cannot be computed; empty where nothing is known of that."""
        found = self.broken.get(item_id, "")
        return found if found or item_id in self.index else why_broken(self.item(item_id))

    def card_states(self, items: Iterable[tuple[str, Item]]) -> dict[str, str]:
        """The state of each, as ItemLine has it."""
        state, index, today = self.state, self.index, self.today
        done = {str(mark.get("item")) for mark in state.marked_on(today) if mark.get("after") is not None}
        return {
            name: "locked"
            if name in index and self.log.locked(name, item) is not None
            else _card_state(name, item, state, index, today, done)
            for name, item in items
        }


def _card_state(
    item_id: str,
    item: Item,
    state: LearnState,
    index: Mapping[str, ItemFacts],
    today: date,
    done: set[str],
) -> str:
    if isinstance(item, BuildItem | EssayItem):
        return "solved" if item_id in state.solved else "open"
    facts, card = index.get(item_id), state.cards.get(item_id)
    if facts is None:
        return "broken"
    if card is None or card.rev != item.rev:
        return "new" if is_new(facts, state, set()) else "closed"
    if is_due(card, state, index, today, done):
        return "due"
    return "known" if card.stability > KNOWN_DAYS else "learning"


def learn_home(session_cache: SessionCache) -> LearnHome:
    """The one of this session, as new as the files of the decks."""
    found: LearnHome = session_cache.get(("learn",), lambda: LearnHome(session_cache.places.learn))
    found.refresh()
    return found


def parts_of(pieces: Pieces[T]) -> Parts[T]:
    """A part for each 50 ms of a computation; returns what it made."""
    slices = in_slices(pieces)
    while True:
        try:
            done = next(slices)
        except StopIteration as end:
            made: T = end.value
            return made
        yield Computing(done)


def _key(item_id: str, asked: Question) -> tuple[str, int, str]:
    return item_id, asked.seed, f"{asked.item.rev}/{sorted(asked.params.items(), key=str)}"
