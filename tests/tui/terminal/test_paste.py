"""The filter for pastes before the key parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key, Paste

from tui.terminal import paste
from tui.terminal.driver import KeyParser
from tui.terminal.paste import LIMIT, PasteFilter
from tui.terminal.plain_text import plain

START, END = b"\x1b[200~", b"\x1b[201~"


def heard(*chunks: bytes) -> tuple[str, list[str]]:
    """The keys and the pastes that the parser makes of a stream that comes in chunks."""
    pastes, parser = PasteFilter(lambda: None), KeyParser()
    events = [event for chunk in chunks if (text := pastes.feed(chunk)) for event in parser.feed(text)]
    keys = "".join(event.character or "" for event in events if isinstance(event, Key))
    return keys, [event.text for event in events if isinstance(event, Paste)]


def test_a_paste_becomes_plain_text() -> None:
    stream = b"a" + START + b"\x1b[DDD\x1b]52;c;x\x07\x00\xff" + END + b"b"
    assert heard(stream) == ("ab", ["␛[DDD␛]52;c;x␇␀\ufffd"])


def test_the_lines_of_a_paste_stay_lines() -> None:
    assert heard(START + b"a\rb\r\nc\nd\te" + END) == ("", ["a\nb\nc\nd\te"])


def test_keys_are_passed_on_at_once() -> None:
    passed = PasteFilter(lambda: None)
    assert [passed.feed(part) for part in (b"\x1b", b"[2", b"0", b"~")] == ["\x1b", "[2", "0", "~"]


def test_a_long_paste_is_truncated_and_reported_once_and_later_keys_arrive() -> None:
    cuts: list[bool] = []
    pastes = PasteFilter(lambda: cuts.append(True))
    text = "".join(pastes.feed(part) for part in (START, *[b"x" * 5_000] * 2_000, END + b"j"))
    assert text == f"\x1b[200~{'x' * LIMIT}\x1b[201~j" and cuts == [True]


def test_a_paste_of_just_the_limit_is_not_cut() -> None:
    cuts: list[bool] = []
    text = PasteFilter(lambda: cuts.append(True)).feed(START + b"x" * LIMIT + END)
    assert text.count("x") == LIMIT and not cuts


def test_a_paste_without_end_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paste, "SILENCE", 0.0)
    pastes = PasteFilter(lambda: None)
    assert pastes.feed(START + b"half") == "\x1b[200~"
    assert pastes.idle() == "half\x1b[201~"
    assert pastes.feed(b"j") == "j"


def test_idle_time_between_keys_yields_no_text() -> None:
    pastes = PasteFilter(lambda: None)
    assert pastes.feed(b"j") + pastes.idle() + pastes.idle() == "j"


@pytest.mark.parametrize("sequence", [b"\x1b[99999999999u", b"\x1b[1:2;3u", b"\x1b[;99999999999999;9u"])
def test_an_invalid_character_code_is_no_key(sequence: bytes) -> None:
    assert heard(sequence + b"j")[0].endswith("j")


TEXT = (
    st.binary(max_size=12).map(lambda text: text.replace(b"\x1b", b"\x1b[20")).filter(lambda t: END not in t)
)
KEYS = st.text("abc;~[0", max_size=6)


@given(st.lists(st.tuples(KEYS, TEXT), max_size=4), st.data())
def test_chunking_does_not_change_keys_and_pastes(
    parts: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(keys.encode() + START + pasted + END for keys, pasted in parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=6)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    keys, pastes = heard(*chunks)
    assert keys == "".join(keys for keys, _ in parts)
    assert pastes == [_shown(pasted) for _, pasted in parts]


def _shown(pasted: bytes) -> str:
    text = pasted.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return plain(text, lines=True)
