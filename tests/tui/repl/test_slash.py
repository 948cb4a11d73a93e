"""Slash words: found, completed, refused."""

from __future__ import annotations

import pytest

from engine.errors import ParamError
from tui.repl.slash import SLASHES, completions, parted


def test_a_line_without_a_slash_is_gone_on_from() -> None:
    slash, text = parted("i love ")
    assert (slash.name, text) == ("generate", "i love")


def test_a_word_may_be_shortened_while_only_one_begins_like_that() -> None:
    assert parted("/sc a cat")[0].name == "score"
    with pytest.raises(ParamError, match="There is no /s"):
        parted("/s a cat")


@pytest.mark.parametrize(("typed", "near"), [("/tempreature 2", "/temperature"), ("/scor3 x", "/score")])
def test_an_unknown_word_names_the_nearest(typed: str, near: str) -> None:
    with pytest.raises(ParamError) as caught:
        parted(typed)
    assert near in str(caught.value)


def test_an_unknown_word_is_safe_to_show() -> None:
    with pytest.raises(ParamError) as caught:
        parted("/\x1b[31mred")
    assert "\x1b" not in str(caught.value)


def test_completions_end_where_the_text_begins() -> None:
    assert len(completions("/")) == len(SLASHES)
    assert [slash.name for slash in completions("/top")] == ["topk", "topp"]
    assert not completions("/score ") and not completions("score")
