"""Ids, parts and facts against a slow count by hand."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.text import word_ids
from engine.data.text.array_file import ArrayWriter, read_arrays, replace_file
from engine.data.text.corpus_preparation import gather_facts
from engine.data.text.split import PARTS
from engine.data.text.vocabulary import RESERVED, UNK
from engine.data.text.word_ids import WordIds, assign_ids, write_ids
from tests.engine.data.text.numbered import compile_sentences, tally_of

words = st.sampled_from([*"abcdefghijkl"])
corpora = st.lists(st.lists(words, min_size=1, max_size=8).map(" ".join), min_size=3, max_size=60)


def read_back(compiled: WordIds, folder: Path) -> dict[str, list[list[str]]]:
    """The sentences of each part in words, as they stand in the file."""

    def fill(writer: ArrayWriter) -> None:
        write_ids(compiled, writer)
        writer.finish({})

    replace_file(folder / "f", fill)
    arrays = read_arrays(folder / "f").arrays
    names = arrays["words"].tobytes().decode().split("\n")
    found = {}
    for part in PARTS:
        ids, offsets = arrays[f"{part}.ids"].tolist(), arrays[f"{part}.offsets"].tolist()
        found[part] = [[names[n] for n in ids[a:b]] for a, b in pairwise(offsets)]
    return found


@given(corpora, st.integers(5, 20), st.integers(0, 99), st.integers(1, 40))
def test_the_file_holds_the_sentences_in_their_order(
    sentences: list[str], limit: int, seed: int, chunk: int
) -> None:
    counted = Counter(word for sentence in sentences for word in sentence.split())
    common = sorted(counted, key=lambda word: (-counted[word], word))[: limit - 4]
    known = [[w if w in common else "<UNK>" for w in sentence.split()] for sentence in sentences]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_ids, "CHUNK", chunk)
        compiled = assign_ids(tally_of(Path(folder), sentences), limit, seed)
        assert compiled.words == (*RESERVED, *common)
        found = read_back(compiled, Path(folder))
    for number, part in enumerate(PARTS):
        assert found[part] == [
            line for line, owner in zip(known, compiled.parts, strict=True) if owner == number
        ]


@given(corpora, st.integers(5, 20), st.integers(1, 40))
def test_the_facts_are_those_of_a_slow_count(sentences: list[str], limit: int, chunk: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_ids, "CHUNK", chunk)
        compiled = compile_sentences(Path(folder), sentences, limit)
        facts = gather_facts(compiled)
    parts = {
        part: [line for line, owner in zip(sentences, compiled.parts, strict=True) if owner == number]
        for number, part in enumerate(PARTS)
    }
    trained = set(" ".join(parts["train"]).split())
    assert facts["sentences"] == len(sentences) == sum(facts[f"{part}_sentences"] for part in PARTS)
    assert facts["words"] == sum(len(line.split()) for line in sentences)
    assert facts["duplicates"] == len(sentences) - len(set(sentences))
    assert facts["length_longest"] == max(len(line.split()) for line in sentences)
    for part in PARTS:
        said = " ".join(parts[part]).split()
        assert facts[f"{part}_words"] == len(said)
        unknown = [word for word in said if word not in compiled.words]
        unseen = [word for word in said if word in compiled.words and word not in trained]
        assert facts[f"{part}_unknown"] == pytest.approx(len(unknown) / len(said))
        assert facts[f"{part}_unseen"] == pytest.approx(len(unseen) / len(said))
    for part in PARTS[1:]:
        assert facts[f"{part}_duplicates"] == sum(line in parts["train"] for line in parts[part])


def test_equal_counts_are_ordered_by_alphabet(tmp_path: Path) -> None:
    compiled = compile_sentences(tmp_path, ["d c", "b a", "c d z"], limit=8)
    assert compiled.words[4:] == ("c", "d", "a", "b")


def test_words_without_a_place_are_unknown(tmp_path: Path) -> None:
    compiled = compile_sentences(tmp_path, ["a b", "a c", "a d"], limit=5)
    ids = np.concatenate([chunk for part in range(3) for chunk in compiled.ids(part)])
    assert sorted(ids.tolist()) == [UNK, UNK, UNK, 4, 4, 4]


def test_the_order_of_words_makes_another_sentence(tmp_path: Path) -> None:
    facts = gather_facts(compile_sentences(tmp_path, ["a b c", "c b a", "b a c", "a b c"]))
    assert facts["duplicates"] == 1
