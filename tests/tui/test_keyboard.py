"""What comes from the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.keyboard import PASTE_LIMIT, PasteFilter

START, END = "\x1b[200~", "\x1b[201~"


def split(*chunks: str) -> tuple[str, list[str]]:
    """The keys and the pastes of a stream that comes in chunks."""
    pastes = PasteFilter()
    parts = [part for chunk in chunks for part in pastes.split(chunk)]
    return "".join(text for text, is_paste in parts if not is_paste), [
        text for text, is_paste in parts if is_paste
    ]


def test_a_paste_is_text_whatever_it_holds() -> None:
    assert split(f"a{START}\x1b[DDD\x1b]52;c;x\x07{END}b") == ("ab", ["\x1b[DDD\x1b]52;c;x\x07"])


def test_an_escape_alone_is_a_key_at_once() -> None:
    assert split("\x1b") == ("\x1b", [])


def test_what_looked_like_a_paste_and_is_none_is_keys() -> None:
    assert split("\x1b[2", "0", "~") == ("\x1b[20~", [])


def test_a_long_paste_is_cut_and_what_follows_is_heard() -> None:
    keys, pastes = split(START, *["x" * 65_536] * 160, f"{END}j")
    assert keys == "j" and pastes == ["x" * PASTE_LIMIT]


TEXT = st.text("ab\x1b[201~;m", max_size=12).filter(lambda text: END not in text and START not in text)


@given(st.lists(st.tuples(TEXT, TEXT.filter(lambda text: not text.endswith("\x1b"))), max_size=4), st.data())
def test_however_the_stream_is_cut_keys_and_pastes_are_the_same(
    parts: list[tuple[str, str]], data: st.DataObject
) -> None:
    parts = [(keys.rstrip("\x1b[20"), pasted.rstrip("\x1b[201")) for keys, pasted in parts]
    stream = "".join(f"{keys}{START}{pasted}{END}" for keys, pasted in parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=6)))
    cuts = [cut for cut in cuts if not stream[:cut].endswith("\x1b")]
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert split(*chunks) == ("".join(keys for keys, _ in parts), [pasted for _, pasted in parts])
