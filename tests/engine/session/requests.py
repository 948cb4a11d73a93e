"""Requests to session methods in the test's own process; responses go through JSON, as on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine.protocol import Json
from engine.session import methods
from engine.session.cache import SessionCache
from engine.typed_json import fields_of


def request(session_cache: SessionCache, method: str, **params: Any) -> Json:
    response = methods.call(session_cache, method, params)
    assert not isinstance(response, Iterator)
    return json.loads(json.dumps(response, allow_nan=False, default=fields_of))


def parts(session_cache: SessionCache, method: str, **params: Any) -> list[Json]:
    response = methods.call(session_cache, method, params)
    assert isinstance(response, Iterator)
    return [json.loads(json.dumps(part, allow_nan=False, default=fields_of)) for part in response]
