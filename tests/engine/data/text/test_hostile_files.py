"""Whatever is in the file: a corpus that can be trained on, or one line that says why not."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.text.load_corpus import TextSet, batch_count, batches, load
from engine.errors import DataError
from engine.places import Places

pieces = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [b"\n", b"\r\n", b"a cat sat. ", b"\x1b[2J", "\ufeff".encode(), b"x" * 300, b"on " * 300]
    ),
)
suffixes = st.sampled_from(["", ":lines", ":paragraphs", ":prose", ":latin-1", ":utf-16", ":prose:utf-8"])
tokenisers = st.sampled_from(["plain", "punctuation"])


@settings(deadline=None)
@given(st.lists(pieces, max_size=30).map(b"".join), suffixes, tokenisers)
def test_any_bytes_are_a_corpus_or_refused(content: bytes, suffix: str, tokeniser: str) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv("DLTUI_DATA", raising=False)
        path = Path(folder) / "f.txt"
        path.write_bytes(content)
        try:
            made = load(Places(Path(folder) / "home"), f"{path}{suffix}", 50, tokeniser, lambda line: None)
        except DataError as error:
            assert str(path) in error.message
        else:
            check(made)


def check(made: TextSet) -> None:
    for word in made.vocabulary.words:
        assert not [sign for sign in word if unicodedata.category(sign)[0] in "CZ"]
    for part in (made.train, made.validation, made.test):
        dealt = list(batches(part, 4, 1, 1, "reversed"))
        assert len(dealt) == batch_count(part, 4) and sum(batch.real for batch in dealt) == part.predictions
        assert part.ids.min() >= 2 and part.ids.max() < len(made.vocabulary) and part.lengths.max() <= 200
