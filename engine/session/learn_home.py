"""What a session keeps of the course: decks, log and what was computed, read again where files have
changed."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from engine.aids.pieces import Pieces, in_slices
from engine.course.cards import KNOWN_DAYS, LearnState
from engine.course.days import day_of
from engine.course.deck_files import stamp
from engine.course.index import ItemFacts
from engine.course.items import BuildItem, EssayItem, Item
from engine.course.library import Library, read_library
from engine.course.questions import Computed, Question, computing, question
from engine.course.queue import Queue, is_due, is_new, today_queue
from engine.course.review import LearnLog
from engine.errors import DltuiError, InputError
from engine.session.cache import SessionCache
from engine.session_protocol.learn import Computing

KEPT_OUTCOMES = 50
T = TypeVar("T")
Parts: TypeAlias = Generator[Computing, None, T]
"""parts of a stream; it returns what comes last"""


@dataclass(frozen=True, slots=True)
class ComputedKey:
    """A key that was computed."""

    computed: Computed
    seconds: float
    stored: str = ""
    """day on which it ran, where it is one of before"""


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

    @property
    def library(self) -> Library:
        """Read again where a file of a deck has changed."""
        found = stamp(self.learn)
        if self._library is None or found != self._stamp:
            self._library, self._stamp = read_library(self.learn), found
            self._index = self._library.index()
            self.broken.clear()
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
        started = time.monotonic()
        try:
            computed = yield from parts_of(computing(asked))
        except DltuiError as error:
            self.broken[item_id] = str(error)
            raise InputError(f"{item_id} is broken: {error}", "It is left out.") from error
        return self.keep(item_id, asked, ComputedKey(computed, time.monotonic() - started))

    def keep(self, item_id: str, asked: Question, outcome: ComputedKey) -> ComputedKey:
        self._outcomes[_key(item_id, asked)] = outcome
        while len(self._outcomes) > KEPT_OUTCOMES:
            self._outcomes.popitem(last=False)
        return outcome

    def card_states(self, items: Iterable[tuple[str, Item]]) -> dict[str, str]:
        """The state of each, as ItemLine has it."""
        state, index, today = self.state, self.index, self.today
        done = {str(mark.get("item")) for mark in state.marked_on(today) if mark.get("after") is not None}
        return {name: _card_state(name, item, state, index, today, done) for name, item in items}


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
    facts, lock, card = index.get(item_id), state.locks.get(item_id), state.cards.get(item_id)
    if facts is None:
        return "closed"
    if lock is not None and lock.get("rev") == item.rev:
        return "locked"
    if card is None or card.rev != item.rev:
        return "new" if is_new(facts, state, set()) else "closed"
    if is_due(card, state, index, today, done):
        return "due"
    return "known" if card.stability > KNOWN_DAYS else "learning"


def learn_home(session_cache: SessionCache) -> LearnHome:
    found: LearnHome = session_cache.get(("learn",), lambda: LearnHome(session_cache.places.learn))
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


def finite(data: Any) -> Any:
    """Data of a drawing as JSON has it: None for what is no finite number."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {name: finite(value) for name, value in data.items()}
    return [finite(one) for one in data] if isinstance(data, list | tuple) else data


def _key(item_id: str, asked: Question) -> tuple[str, int, str]:
    return item_id, asked.seed, f"{asked.item.rev}/{sorted(asked.params.items(), key=str)}"
