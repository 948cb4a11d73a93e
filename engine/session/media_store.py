"""Finds what a run logged beside numbers, by kind, tag and step, and reads its bytes."""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from engine import events, files, fold, store
from engine.errors import DataError, RunNotFound
from engine.events import Event
from engine.logged_media import CONTENT_LIMIT, KINDS
from engine.session.cache import SessionCache
from engine.session_protocol.media import MediaPlace
from engine.store import RunFolder

RUNS = 16
"""runs of which the places are remembered"""
_WANTED = re.compile(b'"kind":"(?:%s)"' % "|".join(KINDS).encode())


class MediaFile(NamedTuple):
    """Where the content is; of a short text the event."""

    name: str
    span: tuple[int, int] | None


@dataclass(slots=True)
class TagItems:
    """All of one tag: the later of two of the same step counts."""

    steps: list[int] = field(default_factory=list)
    by_step: dict[int, MediaFile] = field(default_factory=dict)

    def at(self, step: int) -> int | None:
        """The newest step at `step` or before; None where there is none."""
        place = bisect_right(self.steps, step)
        return self.steps[place - 1] if place else None


class RunMedia:
    """The places of a run's media: a `HistoryPart`."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.tags: dict[tuple[str, str], TagItems] = {}
        """by kind and tag, in the order in which their first was logged"""
        self._offset = 0

    def update(self) -> RunMedia:
        """Read the events that were added. Raises CorruptRun."""
        try:
            if self.folder.events.stat().st_size < self._offset:
                self.tags, self._offset = {}, 0
        except OSError:
            self.tags, self._offset = {}, 0
        self._offset = fold.read(self.folder.events, self._offset, self, wanted=is_wanted)
        return self

    def add(self, event: Event) -> None:
        if event.kind in KINDS and ("file" in event.facts or "text" in event.facts):
            span = event.facts.get("span")
            found = MediaFile(
                str(event.facts.get("file", "")), (int(span[0]), int(span[1])) if span else None
            )
            items = self.tags.setdefault((event.kind, str(event.facts["tag"])), TagItems())
            step = int(event.facts["step"])
            if step not in items.by_step:
                insort(items.steps, step)
            items.by_step[step] = found

    def rewind(self, step: int) -> None:
        for key, items in list(self.tags.items()):
            for late in items.steps[bisect_right(items.steps, step) :]:
                del items.by_step[late]
            del items.steps[bisect_right(items.steps, step) :]
            if not items.steps:
                del self.tags[key]

    def items(self, kind: str, tag: str) -> TagItems:
        """Raises DataError."""
        found = self.tags.get((kind, tag))
        if found is None:
            raise DataError(
                f"{self.folder.id} has logged no {kind} {tag[:80]!r}.", "dltui media RUN lists all."
            )
        return found

    def content(self, kind: str, tag: str, step: int) -> tuple[int, bytes]:
        """The bytes of the newest one at `step` or before, and its step. Raises DataError and CorruptRun."""
        items = self.items(kind, tag)
        at = items.at(step)
        if at is None:
            first = items.steps[0]
            raise DataError(f"{kind} {tag[:80]!r} begins at step {first:,}, later than step {step:,}.")
        found = items.by_step[at]
        return at, self.read(found) if found.name else self._short_text(tag, at)

    def read(self, found: MediaFile) -> bytes:
        """Raises DataError and CorruptRun."""
        path = Path(found.name)
        if not path.is_absolute():
            path = self.folder.path / path
            if ".." in path.parts:
                raise DataError(f"{found.name[:80]} is no file of the run.")
        begin, length = found.span or (0, CONTENT_LIMIT + 1)
        try:
            with files.open_regular(path, follow=True, foreign=True) as file:
                file.seek(begin)
                data = file.read(min(length, CONTENT_LIMIT + 1))
        except FileNotFoundError:
            raise DataError(f"{path} is not there any more.") from None
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
        if len(data) > CONTENT_LIMIT:
            raise DataError(f"{path} has more than {CONTENT_LIMIT >> 20} MB.")
        if found.span and len(data) < length:
            raise DataError(f"{path} ends before byte {begin + length:,}, where it was written.")
        return data

    def _short_text(self, tag: str, step: int) -> bytes:
        """That in its event."""
        text = ""
        for event in events.replay(self.folder.events, lambda line: b'"kind":"text"' in line[: fold.HEAD]):
            if event.facts.get("tag") == tag and event.facts.get("step") == step:
                text = str(event.facts.get("text", text))
        return text.encode("utf-8", "backslashreplace")


def is_wanted(line: bytes) -> bool:
    return _WANTED.search(line, 0, fold.HEAD) is not None


def media_of(session_cache: SessionCache, run: str) -> RunMedia:
    """The media of a run up to its newest event. Raises RunNotFound and CorruptRun."""
    if not run or "/" in run or run.startswith("."):
        raise RunNotFound(f"There is no run {run[:80]!r}.")
    known: OrderedDict[str, RunMedia] = session_cache.get("media", OrderedDict)
    folder = store.folder_of(session_cache.places, run)
    if not folder.path.is_dir():
        known.pop(run, None)
        raise RunNotFound(f"There is no run {run[:80]!r}.")
    found = known.pop(run, None) or RunMedia(folder)
    known[run] = found
    while len(known) > RUNS:
        known.popitem(last=False)
    return found.update()


def content_at(session_cache: SessionCache, kind: str, place: MediaPlace) -> tuple[int, bytes]:
    """Step and bytes of what a request names. Raises DataError, RunNotFound and CorruptRun."""
    return media_of(session_cache, place.run).content(kind, place.tag, place.step)
