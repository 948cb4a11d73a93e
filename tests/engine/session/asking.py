"""Asking a room as the session does: through its words, and over JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine.protocol import Json
from engine.session import methods
from engine.session.cache import SessionCache


def ask(session_cache: SessionCache, word: str, **facts: Any) -> Json:
    answer = methods.answer(session_cache, word, facts)
    assert isinstance(answer, dict)
    return json.loads(json.dumps(answer, allow_nan=False))


def parts(session_cache: SessionCache, word: str, **facts: Any) -> list[Json]:
    answer = methods.answer(session_cache, word, facts)
    assert isinstance(answer, Iterator)
    return [json.loads(json.dumps(part, allow_nan=False)) for part in answer]
