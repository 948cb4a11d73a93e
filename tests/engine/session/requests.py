"""Requests to session methods in the test's own process; responses go through JSON, as on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator

from engine.protocol import Json
from engine.session import methods
from engine.session.cache import SessionCache
from engine.typed_json import fields_of


def request(session_cache: SessionCache, method: str, **params: object) -> Json:
    """The answer, or the last part of a stream."""
    return parts(session_cache, method, **params)[-1]


def parts(session_cache: SessionCache, method: str, **params: object) -> list[Json]:
    response = methods.call(session_cache, method, params)
    found = list(response) if isinstance(response, Iterator) else [response]
    parsed: list[Json] = json.loads(json.dumps(found, allow_nan=False, default=fields_of))
    return parsed
