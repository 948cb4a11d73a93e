"""A session that answers in the process of the test, through the real methods or through scripted ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from engine.errors import EngineError
from engine.places import Places
from engine.protocol import Json
from engine.session import methods
from engine.session.cache import SessionCache

Scripted = Callable[..., Json]


class FakeSession:
    """The interface of `engine.client.session.Session`; `requests` holds every call: method and facts."""

    def __init__(self, places: Places, **scripted: Scripted) -> None:
        self._cache = SessionCache(places)
        self._scripted = {method.replace("__", "."): answer for method, answer in scripted.items()}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.is_up = True

    async def request(self, method: str, newest: str = "", **facts: Any) -> Json:
        self.requests.append((method, facts))
        if not self.is_up:
            raise EngineError("The session ended before it answered.", "Ask again; session.log may say why.")
        if method in self._scripted:
            return self._scripted[method](**facts)
        answer = methods.call(self._cache, method, facts)
        assert isinstance(answer, dict)
        return answer

    async def stream(self, method: str, **facts: Any) -> AsyncGenerator[Json, None]:
        self.requests.append((method, facts))
        if not self.is_up:
            raise EngineError("The session ended before it answered.", "Ask again; session.log may say why.")
        if method in self._scripted:
            yield self._scripted[method](**facts)
            return
        answer = methods.call(self._cache, method, facts)
        for part in [answer] if isinstance(answer, dict) else answer:
            await asyncio.sleep(0)
            yield part

    def terminate(self) -> None:
        """There is no process."""

    def facts_of(self, method: str) -> list[dict[str, Any]]:
        """The facts of every call of that method."""
        return [facts for called, facts in self.requests if called == method]
