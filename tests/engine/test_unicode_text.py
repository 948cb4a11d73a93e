"""Lone surrogates in text."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.unicode_text import has_no_surrogates, replace_surrogates

TEXT = st.text(st.characters(codec=None))


@given(st.recursive(TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)))
def test_text_without_surrogates_can_be_encoded(data: object) -> None:
    json.dumps(replace_surrogates(data), ensure_ascii=False).encode()


@given(st.text())
def test_text_without_surrogates_is_not_changed(text: str) -> None:
    assert has_no_surrogates(text)
    assert replace_surrogates({"a": [text, 1, None]}) == {"a": [text, 1, None]}


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    assert not has_no_surrogates("a\ud800b")
    assert replace_surrogates("a\ud800b") == "a�b"
