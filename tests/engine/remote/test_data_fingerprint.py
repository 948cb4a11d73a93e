"""Title and fingerprint of the data in the folder that the user named."""

from __future__ import annotations

from pathlib import Path

from engine.data import mnist
from engine.data.text import load_corpus
from engine.places import Places
from engine.protocol import Json, Spec
from engine.remote.data_fingerprint import named_data
from tests.engine.data.idx_files import make_arrays, write_set


def spec(experiment: str, data: str | None, **params: object) -> Spec:
    given: Json = params
    return Spec("r", experiment, given, 1, "", "torch", 1, "cpu", 1.0, executor="ray", data=data)


def quiet(words: str) -> None:
    pass


def test_title_and_fingerprint_are_those_a_local_run_would_record(places: Places, tmp_path: Path) -> None:
    write_set(tmp_path / "mnist", make_arrays())
    found = named_data(places, spec("mnist", str(tmp_path)))
    digits = mnist.load(Places(places.root, str(tmp_path)), report=quiet)
    assert found is not None and (found.title, found.fingerprint) == (digits.title, digits.fingerprint)

    (tmp_path / "mine.txt").write_text("".join(f"a dog number {n} sits\n" for n in range(40)))
    found = named_data(places, spec("lm", str(tmp_path), corpus="mine.txt"))
    texts = load_corpus.load(Places(places.root, str(tmp_path)), "mine.txt", 50, "plain", quiet)
    assert found is not None and (found.title, found.fingerprint) == (texts.title, texts.source)


def test_data_that_cannot_be_read_here_have_no_expectation(places: Places, tmp_path: Path) -> None:
    for data in (None, "", str(tmp_path / "gone"), str(tmp_path)):
        assert named_data(places, spec("mnist", data)) is None
        assert named_data(places, spec("lm", data, corpus="captions")) is None
    assert named_data(places, spec("xor", str(tmp_path))) is None
    assert not places.cache.exists(), "nothing is downloaded"
