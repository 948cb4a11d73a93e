"""Text that anybody may have written."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.text import is_whole, whole

TEXT = st.text(st.characters(codec=None))


@given(st.recursive(TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)))
def test_what_was_made_whole_can_be_written_anywhere(data: object) -> None:
    json.dumps(whole(data), ensure_ascii=False).encode()


@given(st.text())
def test_text_that_is_whole_stays_as_it_is(text: str) -> None:
    assert is_whole(text)
    assert whole({"a": [text, 1, None]}) == {"a": [text, 1, None]}


def test_a_lone_surrogate_becomes_the_replacement_sign() -> None:
    assert not is_whole("a\ud800b")
    assert whole("a\ud800b") == "a�b"
