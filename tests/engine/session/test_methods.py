"""Unknown words and wrong facts get one clear line."""

from __future__ import annotations

import types
from pathlib import Path
from unittest.mock import patch

import pytest

from engine.errors import ProtocolError
from engine.places import Places
from engine.protocol import Json
from engine.session import methods
from engine.session.cache import SessionCache


def double(session_cache: SessionCache, number: int) -> Json:
    return {"twice": 2 * number}


ROOM = types.SimpleNamespace(WORDS={"double": double})


@pytest.fixture
def session_cache(tmp_path: Path) -> SessionCache:
    return SessionCache(Places(tmp_path))


def test_a_word_is_found_in_its_room(session_cache: SessionCache) -> None:
    with patch.object(methods.importlib, "import_module", return_value=ROOM):
        assert methods.answer(session_cache, "xor.double", {"number": 4}) == {"twice": 8}


def test_an_unknown_room_is_refused(session_cache: SessionCache) -> None:
    with pytest.raises(ProtocolError, match="no room 'os'"):
        methods.answer(session_cache, "os.system", {})


def test_an_unknown_word_is_refused_with_the_known_ones(session_cache: SessionCache) -> None:
    with (
        patch.object(methods.importlib, "import_module", return_value=ROOM),
        pytest.raises(ProtocolError, match="It has: double"),
    ):
        methods.answer(session_cache, "xor.halve", {})


@pytest.mark.parametrize("facts", [{}, {"number": 1, "more": 2}])
def test_facts_that_do_not_fit_are_refused_before_anything_is_done(
    session_cache: SessionCache, facts: Json
) -> None:
    with (
        patch.object(methods.importlib, "import_module", return_value=ROOM),
        pytest.raises(ProtocolError, match=r"xor\.double cannot be asked like that"),
    ):
        methods.answer(session_cache, "xor.double", facts)


def test_a_desk_keeps_what_was_used_last(tmp_path: Path) -> None:
    session_cache = SessionCache(Places(tmp_path), kept=2)
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name

    for name in ("a", "b", "a", "c", "a", "b"):
        assert session_cache.keep(name, lambda name=name: make(name)) == name
    assert made == ["a", "b", "c", "b"]
