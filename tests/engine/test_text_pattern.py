"""Patterns of filters against those of `re`, and the ones that would take ages there."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text_pattern import PatternError, TextPattern

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", "^", "$", r"\.", "1"])
SIGNS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}", "{0,1}", "{0}", "{2,}", "*?", "??"])


def repeated(part: str, sign: str) -> str:
    return f"(?:{part}){sign}"


PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(repeated, inner, SIGNS),
        st.builds("{}{}".format, inner, inner),
        st.builds("({}|{})".format, inner, inner),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text("abA1.", max_size=8))
def test_it_matches_what_re_matches(pattern: str, text: str) -> None:
    try:
        expected = re.search(pattern, text, re.IGNORECASE | re.DOTALL) is not None
    except re.error:
        return
    assert TextPattern(pattern).search(text) is expected, (pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^xor-[0-9a-f]+$", "XOR-00ff", True),
        ("^xor-[0-9a-f]+$", "xor-00fg", False),
        ("seed[ -]?(1|2)$", "seed 2", True),
        ("a{3}", "aab", False),
        ("", "anything", True),
        ("^$", "", True),
        ("$^", "x", False),
        (r"\[x\]", "[x]", True),
        ("[]x]", "]", True),
        ("ü", "Ü", True),
    ],
)
def test_patterns_as_people_write_them(pattern: str, text: str, found: bool) -> None:
    assert TextPattern(pattern).search(text) is found


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(.*a){20}", "(a?){20}a{20}", ".*.*.*.*b"])
def test_a_search_takes_time_in_proportion_to_the_text(pattern: str) -> None:
    began = time.process_time()
    TextPattern(pattern).search("a" * 300)
    assert time.process_time() - began < 20, "years, with going back"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "unterminated"),
        ("*", "nothing to repeat"),
        (r"(a)\1", r"\\1 is not supported"),
        ("(?=a)", "not supported"),
        (r"\bword", "not supported"),
        ("(a{99}){99}", "too large"),
        ("x" * 201, "at most"),
        ("((((a{9}){9}){9}){9})", "too large"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(PatternError, match=words):
        TextPattern(pattern)
