"""A session that answers in the process of the test, through the real methods or through scripted ones."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

from engine.errors import EngineError
from engine.places import Places
from engine.protocol import Json
from engine.session import methods
from engine.session.cache import SessionCache
from engine.session_protocol.request import A, Request, StreamRequest, read_answer
from engine.typed_json import fields_of

Scripted = Callable[..., Json]


class FakeSession:
    """The interface of `engine.client.session.Session`; `requests` holds every call: method and facts."""

    def __init__(self, places: Places, **scripted: Scripted) -> None:
        self._cache = SessionCache(places)
        self._scripted = {method.replace("__", "."): answer for method, answer in scripted.items()}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.is_up = True

    async def ask(self, request: Request[A], newest: str = "") -> A:
        answer = await self.request(request.METHOD, newest, **_as_sent(request))
        return read_answer(request, _as_sent(answer))

    async def parts(self, request: StreamRequest[A]) -> AsyncGenerator[A, None]:
        async with contextlib.aclosing(self.stream(request.METHOD, **_as_sent(request))) as parts:
            async for part in parts:
                yield read_answer(request, _as_sent(part))

    async def request(self, method: str, newest: str = "", **facts: Any) -> Any:
        self.requests.append((method, facts))
        if not self.is_up:
            raise EngineError("The session ended before it answered.", "Ask again; session.log may say why.")
        if method in self._scripted:
            return self._scripted[method](**facts)
        return _as_sent(methods.call(self._cache, method, facts))

    async def stream(self, method: str, **facts: Any) -> AsyncGenerator[Any, None]:
        self.requests.append((method, facts))
        if not self.is_up:
            raise EngineError("The session ended before it answered.", "Ask again; session.log may say why.")
        if method in self._scripted:
            yield self._scripted[method](**facts)
            return
        answer = methods.call(self._cache, method, facts)
        for part in answer if isinstance(answer, Iterator) else [answer]:
            await asyncio.sleep(0)
            yield _as_sent(part)

    def terminate(self) -> None:
        """There is no process."""

    def facts_of(self, method: str) -> list[dict[str, Any]]:
        """The facts of every call of that method."""
        return [facts for called, facts in self.requests if called == method]


def _as_sent(message: object) -> Any:
    """The JSON of a message, as at the other end of a pipe."""
    return json.loads(json.dumps(message, allow_nan=False, default=fields_of))
