"""A session that answers in the process of the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from typing import Any, TypeVar

from engine.errors import EngineError
from engine.places import Places
from engine.session import methods
from engine.session.cache import SessionCache
from engine.session_protocol.request import A, Request, StreamRequest, read_answer
from engine.typed_json import fields_of

R = TypeVar("R")


class FakeSession:
    """The interface of `engine.client.session.Session`; `requests` holds every request."""

    def __init__(self, places: Places) -> None:
        self._cache = SessionCache(places)
        self.requests: list[Any] = []
        self.is_up = True

    async def ask(self, request: Request[A], newest: str = "") -> A:
        return read_answer(request, _as_sent(self.answer(request)))

    async def parts(self, request: StreamRequest[A]) -> AsyncGenerator[A, None]:
        answer = self.answer(request)
        assert isinstance(answer, Iterator)
        for part in answer:
            await asyncio.sleep(0)
            yield read_answer(request, _as_sent(part))

    def answer(self, request: Request[Any] | StreamRequest[Any]) -> object:
        """The answer, or an iterator of its parts."""
        self.requests.append(request)
        if not self.is_up:
            raise EngineError("The session ended before it answered.", "Ask again; session.log may say why.")
        return methods.call(self._cache, request.METHOD, _as_sent(request))

    def terminate(self) -> None:
        """There is no process."""

    def sent(self, kind: type[R]) -> list[R]:
        """The requests of that kind."""
        return [request for request in self.requests if isinstance(request, kind)]


def _as_sent(message: object) -> Any:
    """The JSON of a message, as at the other end of a pipe."""
    return json.loads(json.dumps(message, allow_nan=False, default=fields_of))
