"""A network among thousands ends in the very bits it has alone, on both paths."""

from __future__ import annotations

import random

import numpy as np
import pytest

from engine.models.xor.batch.batch_training import BatchTraining
from engine.models.xor.batch.plan import from_rows
from tests.engine.models.xor.batch.batch import TRAINERS, alone, bits, mixed, trained, trained_by

CHECKED = 12


@pytest.mark.parametrize("trainer", TRAINERS)
@pytest.mark.parametrize("count", [1, 7, 1000, 4097])
def test_a_network_among_others_ends_as_it_does_alone(trainer: str, count: int) -> None:
    rows = mixed(count)
    together = trained(from_rows(rows), trainer, threads=2)
    ends = {0, count - 1, *random.Random(count).sample(range(count), min(CHECKED, count))}
    for lane in sorted(ends):
        assert bits(together, lane) == bits(alone(rows[lane], trainer), 0), rows[lane]


@pytest.mark.parametrize("trainer", TRAINERS)
def test_neither_its_place_nor_its_neighbours_nor_threads_matter(trainer: str) -> None:
    rows = mixed(333)
    order = random.Random(3).sample(range(333), 333)
    one = trained(from_rows(rows), trainer)
    other = trained(from_rows([rows[place] for place in order]), trainer, threads=3)
    for place, lane in enumerate(order):
        assert bits(one, lane) == bits(other, place)


@pytest.mark.parametrize("trainer", TRAINERS)
def test_the_length_of_the_strides_does_not_matter(trainer: str) -> None:
    plan = from_rows(mixed(200))
    regular = trained(plan, trainer)
    odd = BatchTraining(plan, trained_by(trainer))
    dice = random.Random(5)
    while not odd.is_over:
        odd.stride = dice.randint(1, 11)
        odd.advance()
    assert all(bits(regular, lane) == bits(odd, lane) for lane in range(200))


@pytest.mark.parametrize("trainer", TRAINERS)
def test_what_has_ended_keeps_its_weights_while_others_go_on(trainer: str) -> None:
    rows = mixed(400)
    fleet = BatchTraining(from_rows(rows), trained_by(trainer))
    fleet.stride = 5
    ended: dict[int, bytes] = {}
    while not fleet.is_over:
        fleet.advance()
        weights, outcome = fleet.weights(), fleet.column("outcome")
        for lane in np.flatnonzero(outcome != 0):
            assert ended.setdefault(int(lane), weights[lane].tobytes()) == weights[lane].tobytes()
    stops = fleet.column("stop")
    assert len(ended) == 400
    assert len(set(stops.tolist())) > 10, "some have to end on the way"


def test_the_two_paths_agree_but_for_rounding() -> None:
    plan = from_rows([{**row, "lr": 0.05, "epochs": 40, "patience": None} for row in mixed(500)])
    one, other = (trained(plan, trainer) for trainer in TRAINERS)
    assert np.allclose(one.weights(), other.weights(), rtol=1e-4, atol=1e-4)
    assert (one.column("outcome") == other.column("outcome")).mean() > 0.99


def test_their_bits_differ_so_a_checkpoint_says_which_it_was() -> None:
    plan = from_rows(mixed(64))
    one, other = (trained(plan, trainer) for trainer in TRAINERS)
    assert one.weights().tobytes() != other.weights().tobytes()
    assert one.trainer.facts != other.trainer.facts


def test_the_kernel_knows_the_words_of_the_blocks() -> None:
    """It has its own, since Numba's cache does not see when those of another file change."""
    from engine.models.xor.batch import arrays, compiled_kernel, group

    for name in arrays.OUTCOMES:
        assert (
            getattr(compiled_kernel, name.upper())
            == getattr(arrays, name.upper())
            == arrays.OUTCOMES.index(name)
        )
    for names in (group.ACTIVATIONS, group.LOSSES, group.OPTIMIZERS):
        assert [getattr(compiled_kernel, name.upper()) for name in names] == list(range(len(names)))
