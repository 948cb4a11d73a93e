"""Methods of the log and of decks: reset, check, export, import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.course import export_import
from engine.course.check import checking
from engine.course.deck import read_deck
from engine.course.deck_files import CONTENT, DECK_NAME
from engine.errors import InputError
from engine.session.cache import SessionCache
from engine.session.learn_home import learn_home, parts_of
from engine.session.methods import Handler
from engine.session_protocol.learn import Computing
from engine.session_protocol.learn_exams import (
    CheckedDeck,
    CheckRequest,
    ExportedLearning,
    ExportRequest,
    ImportedLearning,
    ImportRequest,
    ResetItems,
    ResetRequest,
)


def reset(session_cache: SessionCache, request: ResetRequest) -> ResetItems:
    """Raises InputError."""
    home = learn_home(session_cache)
    what = export_import.checked_reset(home.library, home.state, request.what)
    before = len(home.state.cards)
    home.log.reset(what, home.now)
    return ResetItems(before - len(home.state.cards))


def check(session_cache: SessionCache, request: CheckRequest) -> Iterator[Computing | CheckedDeck]:
    """Raises InputError."""
    learn = session_cache.places.learn
    folder = learn / "decks" / request.deck if DECK_NAME.fullmatch(request.deck) else Path(request.deck)
    if request.deck and not folder.is_dir():
        raise InputError(f"deck: expected a folder, got {request.deck[:80]!r}.")
    report = yield from parts_of(checking(read_deck(folder.absolute() if request.deck else CONTENT)))
    yield CheckedDeck(
        report.ok, report.lectures, report.items, report.aids, report.covered, report.entries,
        report.problems, report.summary,
    )  # fmt: skip


def export(session_cache: SessionCache, request: ExportRequest) -> ExportedLearning:
    """Raises InputError, DltuiError."""
    home = learn_home(session_cache)
    text = export_import.exported(home.learn, home.library, request.what)
    if request.path:
        export_import.write(Path(request.path), text)
    return ExportedLearning(request.path, "" if request.path else text, text.count("\n"))


def import_(session_cache: SessionCache, request: ImportRequest) -> ImportedLearning:
    """Raises InputError, DltuiError."""
    home = learn_home(session_cache)
    made = export_import.take(home.learn, Path(request.path), home.now)
    return ImportedLearning(made.added, made.known, made.skipped, made.deck)


HANDLERS: Mapping[Any, Handler] = {
    ResetRequest: reset,
    CheckRequest: check,
    ExportRequest: export,
    ImportRequest: import_,
}
