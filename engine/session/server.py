"""One sitting: questions in, answers out, streams in turn between them."""

from __future__ import annotations

import json
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from typing import BinaryIO

from checkpoints.errors import CheckpointError
from engine.errors import DltuiError, error_to_json
from engine.protocol import Json
from engine.session import methods
from engine.session.cache import SessionCache
from engine.session.methods import Answer
from engine.session.requests import RequestQueue

Find = Callable[[SessionCache, str, Json], Answer]


class SessionServer:
    """A question is {id, ask, facts, newest}; {cancel: id} ends a stream. Answers carry the id.

    A stream's parts are {id, part}, and {id, end} after the last. Of questions with the same mark `newest`
    only the newest that waits is answered.
    """

    def __init__(
        self,
        session_cache: SessionCache,
        requests: RequestQueue,
        out: BinaryIO,
        answer: Find = methods.answer,
    ) -> None:
        self._desk, self._inbox, self._out, self._answer = session_cache, requests, out, answer
        self._waiting: deque[Json] = deque()
        self._streams: dict[int, Iterator[Json]] = {}

    def hold(self) -> None:
        """Until the other side has gone."""
        while True:
            self._hear(self._inbox.take(wait=not self._waiting and not self._streams))
            if self._inbox.is_closed:
                return
            if self._waiting:
                self._open(self._waiting.popleft())
            elif self._streams:
                self._advance()

    def _hear(self, questions: list[Json]) -> None:
        for question in questions:
            if "cancel" in question:
                self._cancel(question["cancel"])
                continue
            newest = question.get("newest")
            if newest:
                self._supersede(newest)
            self._waiting.append(question)

    def _cancel(self, number: object) -> None:
        self._waiting = deque(question for question in self._waiting if question.get("id") != number)
        stream = self._streams.pop(number, None) if isinstance(number, int) else None
        if stream is not None:
            stream.close()  # type: ignore[attr-defined]  # handlers that stream are generators

    def _supersede(self, mark: str) -> None:
        for question in [question for question in self._waiting if question.get("newest") == mark]:
            self._waiting.remove(question)
            self._say({"id": question.get("id", 0), "superseded": True})

    def _open(self, question: Json) -> None:
        number = question.get("id", 0)
        try:
            found = self._answer(self._desk, str(question.get("ask")), question.get("facts", {}))
        except Exception as error:  # one question that fails ends neither the others nor the sitting
            self._say({"id": number, "error": _said(question, error)})
            return
        if isinstance(found, dict):
            self._say({"id": number, "answer": found})
        else:
            self._streams[number] = found

    def _advance(self) -> None:
        """One part of the stream that has waited longest."""
        number = next(iter(self._streams))
        stream = self._streams.pop(number)
        try:
            part = next(stream)
        except StopIteration:
            self._say({"id": number, "end": True})
        except Exception as error:  # as above: one stream that fails ends only itself
            self._say({"id": number, "error": _said({"ask": "the stream"}, error)})
        else:
            self._streams[number] = stream
            self._say({"id": number, "part": part})

    def _say(self, message: Json) -> None:
        try:
            line = json.dumps(message, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError) as error:
            line = json.dumps({"id": message["id"], "error": _said({"ask": "the answer"}, error)})
        self._out.write(line.encode() + b"\n")
        self._out.flush()


def _said(question: Json, error: Exception) -> Json:
    if isinstance(error, DltuiError):
        return error_to_json(error)
    if isinstance(error, CheckpointError):
        return {"message": error.message, "remedy": error.remedy}
    traceback.print_exception(error, file=sys.stderr)
    what = f"{type(error).__name__}: {error}"[:300]
    return {"message": f"{question.get('ask')} failed: {what}.", "remedy": "Its traceback is in session.log."}
