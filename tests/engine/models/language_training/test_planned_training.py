"""PyTorch on a CPU: what the plan of a batch computes once has the losses and gradients of float64."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.models.language_training import torch_planned, training
from engine.models.language_training.sentence_plan import plan
from engine.models.language_training.training import compiled_kernels, masks
from tests.end_to_end.home import ROOT
from tests.engine.models.language_training.small_models import BATCHES, Pair, kind, make_strict, pairs, tied

KINDS = {"one layer": kind(), "two layers": kind(layers=2), "tied, two": tied(layers=2)}


def by_double(made: Any, of: Any, pair: Pair, dropped: list[Any]) -> tuple[float, dict[str, Any]]:
    """Loss and gradients of PyTorch's own layers in float64."""
    given = {name: weight.detach().double().requires_grad_() for name, weight in made.net.named_parameters()}
    x = nn.functional.embedding(torch.from_numpy(pair.inputs).long(), given["embedding.weight"])
    for layer in range(of.layers):
        x = x * dropped[layer][:, None] if dropped else x
        lstm = nn.LSTM(x.shape[2], of.hidden_size, batch_first=True).double()
        own = {name: given[f"lstm.{name[:-1]}{layer}"] for name, _ in lstm.named_parameters()}
        x = torch.func.functional_call(lstm, own, (x,))[0]
    x = x * dropped[-1][:, None] if dropped else x
    if of.projection:
        x = x @ given["projection.weight"].t()
    weight = given["embedding.weight"] if of.tied else given["output.weight"]
    logits = (x @ weight.t() + given["output.bias"]).reshape(-1, of.vocabulary)
    wanted = torch.from_numpy(pair.targets).long().reshape(-1)
    loss = nn.functional.cross_entropy(logits, wanted, ignore_index=0)
    loss.backward()
    return loss.item(), {name: one.grad for name, one in given.items() if "bias_hh" not in name}


def check(made: Any, of: Any, pair: Pair, dropped: list[Any]) -> None:
    expected, slopes = by_double(made, of, pair, dropped)
    assert made.train_step(pair.inputs, pair.targets, 1, 0.0) == pytest.approx(expected, rel=1e-6)
    found = {name: one.grad.double() for name, one in made.net.named_parameters() if one.grad is not None}
    assert found.keys() == slopes.keys()
    for name, slope in slopes.items():
        assert float((found[name] - slope).norm() / slope.norm()) < 5e-6, name


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", KINDS)
def test_losses_and_gradients_are_those_of_float64(name: str, batch: str) -> None:
    made: Any = make_strict("torch", KINDS[name])
    for step, pair in enumerate(pairs(4), start=1):
        made.train_step(pair.inputs, pair.targets, step, 0.02)
    check(made, KINDS[name], BATCHES[batch], [])


@pytest.mark.parametrize("name", KINDS)
def test_with_dropout_they_are_those_of_the_same_masks(name: str) -> None:
    made: Any = make_strict("torch", KINDS[name], dropout=0.4)
    pair = BATCHES["alike"]
    drawn = masks(KINDS[name], 0.4, pair.inputs.shape, 1, 1)
    check(made, KINDS[name], pair, [torch.from_numpy(one).double() for one in drawn])


@pytest.mark.parametrize("shift", [-300.0, 300.0])
def test_logits_far_from_0_lose_no_digits(shift: float) -> None:
    made: Any = make_strict("torch", kind())
    weights = made.weights()
    weights["output.bias"] += np.float32(shift)
    weights["output.weight"] *= 20
    made.load_weights(weights)
    check(made, kind(), BATCHES["random"], [])


def test_sums_over_a_large_vocabulary_lose_no_digits() -> None:
    large = kind(vocabulary=7000)
    check(make_strict("torch", large), large, pairs(1, vocabulary=7000, sentences=8)[0], [])


@pytest.mark.parametrize("name", ["embedding.weight", "lstm.l0.recurrent", "output.weight", "output.bias"])
def test_a_weight_that_is_not_a_number_is_seen_in_the_loss(name: str) -> None:
    made = make_strict("torch", kind())
    weights = made.weights()
    weights[name][1] = np.nan
    made.load_weights(weights)
    pair = pairs(1)[0]
    assert np.isnan(made.train_step(pair.inputs, pair.targets, 1, 0.01))


# --- the plan ---


@pytest.mark.parametrize("batch", BATCHES)
def test_sentences_that_begin_alike_share_a_state_and_every_word_wanted_of_it_counts(batch: str) -> None:
    pair = BATCHES[batch]
    lengths = (pair.targets > 0).sum(1)
    beginnings: dict[tuple[int, ...], list[int]] = {}
    for inputs, targets, length in zip(pair.inputs, pair.targets, lengths, strict=True):
        for end in range(1, length + 1):
            beginnings.setdefault(tuple(inputs[:end].tolist()), []).append(int(targets[end - 1]))
    made = plan(pair.inputs, pair.targets, shares=True)
    assert made.count == len(beginnings)
    read: list[tuple[int, ...]] = []
    above: list[tuple[int, ...]] = [()]
    for start, stop in pairwise(made.edges):
        words = made.distinct[made.words[start:stop]].tolist()
        above = [(*above[at], word) for at, word in zip(made.parents[start:stop], words, strict=True)]
        read += above
    wanted: dict[tuple[int, ...], list[int]] = {}
    for word, row, times in zip(made.wanted.words, made.wanted.rows, made.wanted.times, strict=True):
        wanted.setdefault(read[row], []).extend([int(word)] * int(times))
    assert {one: sorted(words) for one, words in wanted.items()} == {
        one: sorted(words) for one, words in beginnings.items()
    }
    assert made.wanted.weights.tolist() == [len(beginnings[one]) for one in read]


def test_unshared_each_real_word_has_a_state_of_its_own_sentence() -> None:
    pair = BATCHES["alike"]
    made = plan(pair.inputs, pair.targets, shares=False)
    assert made.count == made.wanted.total == (pair.targets > 0).sum()
    places = [(int(step), int(sentence)) for step, sentence in np.argwhere(pair.targets.T > 0)]
    assert made.sentences.tolist() == [sentence for _, sentence in places]
    assert made.distinct[made.words].tolist() == [int(pair.inputs[b, t]) for t, b in places]


# --- the same bits ---

UPDATES = """
import hashlib
from tests.engine.models.language_training.test_planned_training import weights_after_training
print(weights_after_training("PRECISION"))
"""


def weights_after_training(precision: str, threads: int = 1) -> str:
    made = make_strict("torch", kind(vocabulary=400), precision=precision)
    torch.set_num_threads(threads)
    for step, pair in enumerate(pairs(6, vocabulary=400, sentences=30), start=1):
        made.train_step(pair.inputs, pair.targets, step, 0.01)
    torch.set_num_threads(1)
    return hashlib.sha256(b"".join(one.tobytes() for one in made.weights().values())).hexdigest()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_trained_twice_the_weights_have_the_same_bits(precision: str, threads: int) -> None:
    assert weights_after_training(precision, threads) == weights_after_training(precision, threads)


@pytest.mark.long
def test_loops_read_from_the_cache_leave_the_bits_of_those_just_compiled(tmp_path: Path) -> None:
    environ = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", UPDATES.replace("PRECISION", "bf16")]
    compiled, cached = (
        subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert compiled == cached


def test_a_chunk_of_the_vocabulary_layer_may_have_a_single_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_planned, "CHUNK_ROWS", {torch.float32: 1})
    check(make_strict("torch", kind()), kind(), BATCHES["alike"], [])


# --- what is told ---


def test_the_name_of_the_kernels_has_all_that_their_bits_depend_on(tmp_path: Path) -> None:
    import numba

    name = compiled_kernels(tmp_path, lambda text: None)
    assert name is not None and name.startswith("compiled ")
    assert numba.__version__ in name and np.__version__ in name


def test_without_numba_pytorch_trains_by_itself_and_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    told: list[str] = []
    assert compiled_kernels(tmp_path, told.append) is None
    assert "Numba cannot be used" in told[0]
    made = make_strict("torch", kind(), compiled=False)
    other = training.make_training("torch", kind(), seed=1)
    pair = pairs(1)[0]
    found = [one.train_step(pair.inputs, pair.targets, 1, 0.01) for one in (made, other)]
    assert found[0] == pytest.approx(found[1], rel=1e-5)
