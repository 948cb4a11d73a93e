"""Lookup and call of the methods of a session: `group.name`, in HANDLERS of the module of its group."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import ParamError, ProtocolError
from engine.session.cache import SessionCache
from engine.typed_json import WrongType, typed

Response = Any
"""a dataclass of engine.session_protocol, or an iterator of them: a stream, which may be closed between two
parts"""
Handler = Callable[[SessionCache, Any], Response]
"""takes a request"""

METHOD_GROUPS: Mapping[str, str] = {
    "xor": "xor", "lanes": "xor_batch", "mnist": "mnist", "language": "language", "corpus": "corpus",
    "learn": "learn", "media": "media",
}  # fmt: skip
"""the module of each group in engine.session"""


def call(session_cache: SessionCache, method: str, params: Mapping[str, Any]) -> Response:
    """Raises ProtocolError for an unknown method, ParamError for parameters that it does not take."""
    kind, handler = find(method)
    try:
        request = typed(params, kind, strict=True)
    except WrongType as error:
        raise ParamError(f"{method}: {error}.") from error
    return handler(session_cache, request)


def find(method: str) -> tuple[Any, Handler]:
    """The class of the request and its handler. Raises ProtocolError."""
    group, _, name = method.partition(".")
    if group not in METHOD_GROUPS:
        raise ProtocolError(
            f"A session has no method group {group[:40]!r}.", f"It has: {', '.join(METHOD_GROUPS)}."
        )
    module = importlib.import_module(f"engine.session.{METHOD_GROUPS[group]}")
    methods = {kind.METHOD.partition(".")[2]: (kind, handler) for kind, handler in module.HANDLERS.items()}
    if name not in methods:
        raise ProtocolError(f"{group} has no method {name[:40]!r}.", f"It has: {', '.join(sorted(methods))}.")
    return methods[name]
