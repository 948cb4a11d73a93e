"""The leak detector: two honest readers of random words, and one that has read its targets."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.aids.leak import leaked
from engine.built_in_experiments import RandomWordsParams
from engine.experiments.leak import READERS, questions, sentences
from tests.engine.worker.attempts import ScriptedPipe, curve, new_run, train, weights

SHORT = {"steps": 12, "batch": 4, "every": 5, "length": 6, "hidden": 8}


@pytest.mark.long
def test_honest_readers_stay_at_the_number_of_words_and_go_backwards_falls_below_it(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "leak")
    train(folder)
    reached = {reader: curve(folder, f"perplexity_{reader}")[600] for reader in READERS}
    assert 11.9 < reached["forward"] < 12.4 and 11.9 < reached["reversed"] < 12.4
    assert 12**0.5 < reached["go_backwards"] < 8


def test_what_is_asked_of_a_reader_is_the_next_word_of_what_it_reads_unless_it_goes_backwards() -> None:
    words = torch.tensor([[1, 2, 3, 4]])
    asked = {reader: [one[0].tolist() for one in questions(reader, words)] for reader in READERS}
    assert asked == {
        "forward": [[1, 2, 3], [2, 3, 4]],
        "reversed": [[4, 3, 2], [3, 2, 1]],
        "go_backwards": [[3, 2, 1], [2, 3, 4]],
    }


@pytest.mark.parametrize("length", [3, 4, 11, 12])
@pytest.mark.parametrize("memory", [0, 3, 200])
@pytest.mark.parametrize("reader", READERS)
def test_the_aid_counts_the_targets_that_stand_among_the_inputs_read_before(
    reader: str, memory: int, length: int
) -> None:
    inputs, targets = (one[0].tolist() for one in questions(reader, torch.arange(length)[None]))
    known = [target in inputs[max(0, at - memory) : at + 1] for at, target in enumerate(targets)]
    assert leaked(reader, length, memory) == pytest.approx(sum(known) / len(known))


def test_every_step_has_sentences_of_its_own_that_the_seed_and_the_step_decide() -> None:
    params = RandomWordsParams()
    first, again, other = (sentences(params, seed, 7, 4) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert not torch.equal(first, sentences(params, 1, 8, 4)) and first.shape == (4, 12)
    assert int(first.min()) >= 0 and int(first.max()) < 12


def test_paused_and_resumed_it_ends_with_the_weights_of_an_uninterrupted_run(tmp_path: Path) -> None:
    whole, parts = (new_run(tmp_path, "leak", **SHORT) for _ in range(2))
    train(whole)
    for number, step in enumerate((1, 7), 1):
        train(parts, ScriptedPipe({step: {"word": "pause"}}), number=number)
        assert weights(parts)[0] == step
    train(parts, number=3)
    assert weights(parts) == weights(whole)
    for metric in ("loss", *(f"perplexity_{reader}" for reader in READERS)):
        assert curve(parts, metric) == curve(whole, metric)
    assert list(curve(whole, "perplexity_forward")) == [5, 10, 12]
