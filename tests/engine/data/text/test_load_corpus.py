"""From the name of a corpus to numbers, end to end."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from engine.data.text.load_corpus import TextSet, batches, load
from engine.errors import DataError
from engine.places import Places
from tests.chaos import scaled
from tests.timeouts import LONG

REAL = os.environ.get("DLTUI_DATA")
PETS = [
    f"The {size} {pet} sat on my {colour} mat."
    for size in ("big", "small")
    for pet in ("cat", "dog", "hen")
    for colour in ("red", "blue")
]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    monkeypatch.setenv("DLTUI_OFFLINE", "1")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "pets.txt"
    path.write_text("\n".join(PETS))
    return path


def get(places: Places, corpus: object, vocabulary: int = 100, lines: list[str] | None = None) -> TextSet:
    return load(places, str(corpus), vocabulary, "plain", (lines if lines is not None else []).append)


def sentences(made: TextSet) -> list[str]:
    return [made.vocabulary.text(ids) for part in (made.train, made.validation, made.test) for ids in part]


def test_every_sentence_comes_through_once(places: Places, corpus: Path) -> None:
    made = get(places, corpus)
    assert sorted(sentences(made)) == sorted(line.lower().rstrip(".") for line in PETS)
    assert [len(made.train), len(made.validation), len(made.test)] == [10, 1, 1]
    assert made.notice == "" and made.facts["train_sentences"] == 10


def test_the_commonest_words_get_the_places(places: Places, corpus: Path) -> None:
    made = get(places, corpus, 8)
    assert made.vocabulary.words[4:] == ("mat", "my", "on", "sat")
    assert made.facts["train_unknown"] == pytest.approx(4 / 8)


def test_fewer_words_than_places_are_no_error_and_are_said(places: Places, corpus: Path) -> None:
    lines: list[str] = []
    assert len(get(places, corpus, 10_000, lines).vocabulary) == 16
    assert "The corpus has 12 different words: the vocabulary is 16, not 10,000." in lines


@pytest.mark.parametrize("vocabulary", [4, 0, -1])
def test_a_vocabulary_without_a_word_is_refused(places: Places, corpus: Path, vocabulary: int) -> None:
    with pytest.raises(DataError, match="no room for a word, expected 5 or more"):
        get(places, corpus, vocabulary)


def test_the_fingerprint_is_that_of_the_numbers(places: Places, corpus: Path) -> None:
    made = get(places, corpus)
    assert get(places, corpus).fingerprint == made.fingerprint != get(places, corpus, 8).fingerprint
    corpus.write_text("\r\n".join(PETS) + "\r\n")
    assert get(places, corpus).fingerprint == made.fingerprint
    corpus.write_text("\n".join(PETS[::-1]))
    assert get(places, corpus).fingerprint != made.fingerprint


def test_sentences_that_train_and_test_are_counted_and_said(places: Places, corpus: Path) -> None:
    lines: list[str] = []
    corpus.write_text("the same line again\n" * 10)
    made = get(places, corpus, lines=lines)
    assert made.facts["test_duplicates"] == made.facts["validation_duplicates"] == 1
    assert "2 of 2 validation and test sentences are also in the training part." in lines


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no sentences, expected 3 or more"),
        (b"\n \n...\n", "holds no sentences"),
        (b"One sentence only", "holds 1 sentence, expected 3"),
        (b"a\xffb\n", r"byte 0xff at offset 1 \(line 1\) is not UTF-8"),
        (b"fine\nbin\0ary", r"NUL byte at offset 8 \(line 2\)"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0", "NUL byte at offset 7"),
        (b"\x7fELF\xd0\x01\n\xd0\0\0\0", r"NUL byte at offset 8 \(line 2\): this is a binary file"),
    ],
)
def test_what_is_no_corpus_is_refused_in_one_line(
    places: Places, corpus: Path, content: bytes, message: str
) -> None:
    corpus.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        get(places, corpus)
    assert "\n" not in str(caught.value)


def test_an_unknown_tokeniser_is_refused(places: Places, corpus: Path) -> None:
    with pytest.raises(DataError, match="no tokeniser 'bpe'"):
        load(places, str(corpus), 100, "bpe", print)


def test_no_control_sign_of_a_corpus_gets_into_the_vocabulary(places: Places, corpus: Path) -> None:
    rng = random.Random(1)
    hostile = [
        "\x1b]52;c;QUJD\x07",
        "\x1b[2J",
        "\x9b31m",
        "\u202e",
        "\u200b",
        "\x07",
        "\x85",
        "\u2028",
        "\ue000",
    ]
    corpus.write_text("\n".join(f"a{rng.choice(hostile)}b {rng.choice(hostile)} cat{n}" for n in range(99)))
    for tokeniser in ("plain", "punctuation"):
        words = load(places, f"{corpus}:lines", 1000, tokeniser, print).vocabulary.words
        assert not [sign for word in words for sign in word if unicodedata.category(sign)[0] in "CZ"]


def test_without_data_and_network_the_manual_inside_python_stands_in(places: Places) -> None:
    lines: list[str] = []
    made = get(places, "tinyshakespeare", 5000, lines)
    assert made.notice.startswith("tinyshakespeare could not be found or downloaded")
    assert len(made.train) > 1000 and "class" in made.vocabulary
    assert lines[0] == "DLTUI_OFFLINE is set, so no download was tried."
    assert get(places, "embedded", 5000).notice == ""


def test_several_corpora_are_one(places: Places, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("Prose flows. It has no\nend of line. Four! Five?\n")
    made = get(places, f"{corpus},{tmp_path / 'more.txt'}:prose")
    assert len(sentences(made)) == len(PETS) + 4
    assert "it has no end of line" in sentences(made)


def test_a_giant_line_becomes_sentences_of_bearable_length(places: Places, corpus: Path) -> None:
    corpus.write_text("word and another " * 200_000)
    made = get(places, corpus)
    assert made.facts["words"] == 600_000 and made.facts["length_longest"] == 200
    assert made.facts["cut_sentences"] >= 1


def test_batches_of_a_mapped_set_are_those_of_its_sentences(places: Places, corpus: Path) -> None:
    made = get(places, corpus)
    assert isinstance(made.train.ids.base, np.memmap | np.ndarray)
    assert sum(batch.real for batch in batches(made.train, 4, 1, 1, "reversed")) == made.train.predictions


LIMITED = """
import sys
from pathlib import Path
from engine.data.text import load_corpus
from engine.places import Places
made = load_corpus.load(Places(Path(sys.argv[1])), sys.argv[2], 10_000, "plain", print)
print("words", int(made.facts["words"]), len(made.vocabulary))
print("notice", made.notice)
"""


def load_in_little_memory(home: Path, corpus: Path, mebibytes: int) -> str:
    """In a process of its own that may not have more data than that."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (mebibytes << 20, mebibytes << 20))

    command = [sys.executable, "-c", LIMITED, str(home), str(corpus)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, preexec_fn=limit, env=environment, timeout=LONG
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_is_said_and_leaves_nothing_behind(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("one two three four\n" * 10_000)
    limit = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({1 << 16}, {1 << 16}))\n"
    command = [sys.executable, "-c", limit + LIMITED, str(places.root), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG)
    assert "cannot be written: File too large" in done.stderr.splitlines()[-1]
    assert [file.suffix for file in (places.cache / "text" / "numbered").iterdir()] == [".lock"]


@pytest.mark.slow
def test_two_hundred_megabytes_are_numbered_in_little_memory(places: Places, tmp_path: Path) -> None:
    path, rng, megabytes = tmp_path / "large.txt", np.random.default_rng(0), scaled(200)
    with path.open("w") as file:
        for number in range(megabytes):
            if number % 10 == 0:
                words = [f"w{rank}" for rank in np.minimum(rng.zipf(1.3, 180_000), 500_000).tolist()]
            file.writelines(" ".join(words[n : n + 12]) + ".\n" for n in range(0, len(words), 12))
    said = load_in_little_memory(places.root, path, 400)
    assert f"words {megabytes * 180_000} 10000" in said and said.rstrip().endswith("notice")


def test_how_a_file_is_read_is_said_and_can_be_chosen(places: Places, corpus: Path) -> None:
    corpus.write_text("One. Two. Three.\nFour. Five. Six.\n")
    lines: list[str] = []
    assert len(sentences(get(places, corpus, lines=lines))) == 6
    assert "lines are split where sentences end (to change that:" in lines[0]
    corpus.write_text("One. Two. Three.\nFour. Five. Six.\nSeven.")
    assert len(sentences(get(places, f"{corpus}:lines"))) == 3


@pytest.mark.skipif(not REAL, reason="DLTUI_DATA is not set")
def test_the_real_captions_are_mapped_in_a_moment(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_DATA", REAL or "")
    first = get(places, "captions", 10_000)
    assert first.facts["sentences"] == 25_014 and len(first.vocabulary) == 7_324
    assert first.vocabulary.words[4:8] == ("a", "on", "of", "the")
    times = []
    for _ in range(5):
        began = time.process_time()
        assert get(places, "captions", 10_000).fingerprint == first.fingerprint
        times.append(time.process_time() - began)
    assert min(times) < 0.05
