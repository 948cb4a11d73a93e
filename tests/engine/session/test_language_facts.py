"""Wrong parameters and hostile texts raise errors of one line in the methods `language.*`."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import DltuiError
from engine.places import Places
from engine.session import methods
from engine.session.cache import SessionCache
from tests.engine.session.requests import request
from tests.fakes.hostile_text import PAYLOADS
from tests.fakes.language_run import write_run


@pytest.fixture
def session_cache(places: Places) -> SessionCache:
    return SessionCache(places)


@pytest.fixture
def forward(places: Places) -> str:
    return write_run(places, name="ahead")


@pytest.fixture
def back(places: Places) -> str:
    return write_run(places, direction="reversed", layers=2)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("generate", {"text": "xyzzy plugh"}),
    *(("generate", {"text": "i", "temperature": value}) for value in (-1, float("nan"), "hot", None)),
    *(("generate", {"text": "i", "length": value}) for value in (0, 10**9, 1.5)),
    ("generate", {"text": "i love you", "length": 3}),
    *(("generate", {"text": "i", "top_p": value}) for value in (0, 1.2, float("nan"))),
    ("generate", {"text": "i", "seed": -1}),
    ("generate", {"text": "i", "colour": "red"}),
    ("generate", {"text": 5}),
    ("predict", {"text": "i", "k": 0}),
    ("predict", {"text": "a" * 30_000}),
    ("predict", {"text": "i", "run": 7}),
    ("score", {"texts": []}),
    ("score", {"texts": "i love"}),
    ("score", {"texts": ["i", ""]}),
    ("beam", {"text": "i", "width": 0}),
    ("both", {"text": "i", "first": "up"}),
    ("blank", {"text": "no blank"}),
    ("gates", {"text": "i", "layer": 9}),
    ("gates", {"text": "i", "unit": -1}),
    ("compare", {"runs": [], "text": "i"}),
]


@pytest.mark.parametrize(("method", "facts"), BAD, ids=lambda value: str(value)[:40])
def test_wrong_parameters_are_an_error_of_one_line(
    session_cache: SessionCache, forward: str, back: str, method: str, facts: dict[str, Any]
) -> None:
    with pytest.raises(DltuiError) as caught:
        methods.call(session_cache, f"language.{method}", facts)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_is_refused_or_scored_without_control_characters(
    session_cache: SessionCache, forward: str, text: str
) -> None:
    try:
        response = request(session_cache, "language.score", texts=[text])
    except DltuiError as error:
        assert error.message.isprintable()
    else:
        assert all(word["word"].isprintable() for word in response["sentences"][0]["words"])


def test_of_many_sentences_the_bad_one_is_named(session_cache: SessionCache, forward: str) -> None:
    with pytest.raises(DltuiError, match="Sentence 2: The text is empty"):
        request(session_cache, "language.score", texts=["i love you", " ", "a cat"])
    with pytest.raises(DltuiError, match=r"^The text is empty"):
        request(session_cache, "language.score", texts=[" "])


def test_sentences_that_cannot_be_scored_can_be_left_out(session_cache: SessionCache, forward: str) -> None:
    response = request(session_cache, "language.score", texts=["***", "i love you", " "], skip=True)
    assert [one["text"] for one in response["sentences"]] == ["i love you"]
    assert [one["line"] for one in response["skipped"]] == [1, 3]
    with pytest.raises(DltuiError, match="The text is empty"):
        request(session_cache, "language.score", texts=["***", " "], skip=True)
