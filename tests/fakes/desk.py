"""A session that answers in the test's own process, from the real words or from scripted ones."""

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
    """What `engine.client.client.Session` offers; `asked` holds every question."""

    def __init__(self, places: Places, **scripted: Scripted) -> None:
        self._desk = SessionCache(places)
        self._scripted = {word.replace("__", "."): answer for word, answer in scripted.items()}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.is_up = True

    async def ask(self, word: str, newest: str = "", **facts: Any) -> Json:
        self.asked.append((word, facts))
        if not self.is_up:
            raise EngineError("The session ended before it answered.", "Ask again; session.log may say why.")
        if word in self._scripted:
            return self._scripted[word](**facts)
        answer = methods.answer(self._desk, word, facts)
        assert isinstance(answer, dict)
        return answer

    async def stream(self, word: str, **facts: Any) -> AsyncGenerator[Json, None]:
        self.asked.append((word, facts))
        if not self.is_up:
            raise EngineError("The session ended before it answered.", "Ask again; session.log may say why.")
        if word in self._scripted:
            yield self._scripted[word](**facts)
            return
        answer = methods.answer(self._desk, word, facts)
        for part in [answer] if isinstance(answer, dict) else answer:
            await asyncio.sleep(0)
            yield part

    def leave(self) -> None:
        """There is no process."""

    def of(self, word: str) -> list[dict[str, Any]]:
        """The facts of every question with that word."""
        return [facts for asked, facts in self.asked if asked == word]
