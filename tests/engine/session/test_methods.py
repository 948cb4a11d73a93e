"""Unknown methods and wrong parameters are errors of one line; the cache drops the least recently used."""

from __future__ import annotations

import types
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from engine.errors import ParamError, ProtocolError
from engine.places import Places
from engine.protocol import Json
from engine.session import methods
from engine.session.cache import SessionCache
from engine.session_protocol.request import Request


@dataclass(frozen=True)
class DoubleRequest(Request[int]):
    METHOD = "xor.double"

    number: int


def double(session_cache: SessionCache, request: DoubleRequest) -> int:
    return 2 * request.number


GROUP = types.SimpleNamespace(HANDLERS={DoubleRequest: double})


@pytest.fixture
def session_cache(tmp_path: Path) -> SessionCache:
    return SessionCache(Places(tmp_path))


def test_a_method_is_found_in_its_group(session_cache: SessionCache) -> None:
    with patch.object(methods.importlib, "import_module", return_value=GROUP):
        assert methods.call(session_cache, "xor.double", {"number": 4}) == 8


def test_an_unknown_group_is_refused(session_cache: SessionCache) -> None:
    with pytest.raises(ProtocolError, match="no method group 'os'"):
        methods.call(session_cache, "os.system", {})


def test_an_unknown_method_is_refused_with_the_known_ones(session_cache: SessionCache) -> None:
    with (
        patch.object(methods.importlib, "import_module", return_value=GROUP),
        pytest.raises(ProtocolError, match="It has: double"),
    ):
        methods.call(session_cache, "xor.halve", {})


@pytest.mark.parametrize("params", [{}, {"number": 1, "more": 2}, {"number": "1"}])
def test_wrong_parameters_are_refused_before_the_call(session_cache: SessionCache, params: Json) -> None:
    with (
        patch.object(methods.importlib, "import_module", return_value=GROUP),
        pytest.raises(ParamError, match=r"xor\.double: "),
    ):
        methods.call(session_cache, "xor.double", params)


def test_a_cache_keeps_what_was_used_last(tmp_path: Path) -> None:
    session_cache = SessionCache(Places(tmp_path), capacity=2)
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name

    for name in ("a", "b", "a", "c", "a", "b"):
        assert session_cache.get(name, lambda name=name: make(name)) == name
    assert made == ["a", "b", "c", "b"]
