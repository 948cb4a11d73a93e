"""The words a session understands: `room.verb` is a function that the module of that room lists."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.errors import ProtocolError
from engine.protocol import Json
from engine.session.cache import SessionCache

Answer = Json | Iterator[Json]
Handler = Callable[..., Answer]
"""of a desk and the facts of the question; an iterator is a stream, which may be left between two parts"""

ROOMS = ("xor", "lanes", "mnist", "language", "corpus")


def answer(session_cache: SessionCache, word: str, facts: Mapping[str, Any]) -> Answer:
    """Raises ProtocolError for an unknown word and for facts it does not take."""
    handler = find(word)
    try:
        inspect.signature(handler).bind(session_cache, **facts)
    except TypeError as error:
        raise ProtocolError(f"{word} cannot be asked like that: {error}.") from error
    return handler(session_cache, **facts)


def find(word: str) -> Handler:
    """Raises ProtocolError."""
    room, _, verb = word.partition(".")
    if room not in ROOMS:
        raise ProtocolError(f"A session has no room {room[:40]!r}.", f"It has: {', '.join(ROOMS)}.")
    words: Mapping[str, Handler] = importlib.import_module(f"engine.session.{room}").WORDS
    if verb not in words:
        raise ProtocolError(f"{room} has no word {verb[:40]!r}.", f"It has: {', '.join(sorted(words))}.")
    return words[verb]
