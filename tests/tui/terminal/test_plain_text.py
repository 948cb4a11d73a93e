"""The sanitizer removes everything that a terminal would act on."""

from __future__ import annotations

import subprocess
import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.plain_text import plain

NASTY = "\x1b\x9b\u202e\u200b\u0301\ud800\U000e0041\n\t"
HOSTILE = st.text(st.characters(codec=None) | st.sampled_from(NASTY))


@given(HOSTILE, st.integers(1, 50), st.booleans())
def test_the_result_has_no_hidden_characters_and_is_stable(text: str, limit: int, lines: bool) -> None:
    shown = plain(text, limit=limit, lines=lines)
    assert len(shown) <= limit
    assert plain(shown, limit=limit, lines=lines) == shown
    kept = "\n\t" if lines else ""
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not [c for c in shown if unicodedata.category(c) in hidden and c not in kept]
    shown.encode("utf-8")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_ascii_is_unchanged(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("a\x7fb", "a␡b"),
        ("\x9b31m", "\\x9b31m"),
        ("ab\u202ecd", "ab\\u202ecd"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("one\u2028two\u2029", "one\\u2028two\\u2029"),
        ("\ud83d", "\\ud83d"),
        ("a\nb\tc\r", "a␊b␉c␍"),
        ("soft\xadhyphen", "soft\\xadhyphen"),
        ("Zürich 東京 🙂", "Zürich 東京 🙂"),
        ("[red]markup[/]", "[red]markup[/]"),
    ],
)
def test_each_hostile_character_is_shown_as_its_name(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_newlines_and_tabs_stay_when_lines_are_wanted() -> None:
    assert plain("a\nb\tc\r\n", lines=True) == "a\nb\tc␍\n"


def test_no_base_carries_more_than_eight_marks() -> None:
    assert plain("e" + "\u0301" * 50 + "x") == "e" + "\u0301" * 8 + "x"


def test_long_text_is_cut_with_an_ellipsis_in_bounded_time() -> None:
    long, times = "\x1b\u0301" * 5_000_000, []
    for _ in range(3):
        start = time.process_time()
        shown = plain(long)
        times.append(time.process_time() - start)
        assert (len(shown), shown[-1]) == (10_000, "…")
    assert min(times) < 0.5


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="limit=0"):
        plain("a", limit=0)


def test_only_the_standard_library_is_imported() -> None:
    code = (
        "import sys, tui.terminal.plain_text; print(sorted({'textual', 'rich', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
