"""A network in a batch ends with the bits that it has alone."""

from __future__ import annotations

import random

import numpy as np
import pytest

from engine.models.xor.batch.batch_training import BatchTraining
from engine.models.xor.batch.plan import from_rows
from tests.engine.models.xor.batch.sample_batches import (
    alone,
    bits,
    mixed,
    trained,
    trainer,
)

CHECKED = 12


@pytest.mark.parametrize("count", [1, 7, 1000, 4097])
def test_a_network_among_others_ends_as_it_does_alone(count: int) -> None:
    rows = mixed(count)
    together = trained(from_rows(rows), threads=2)
    ends = {0, count - 1, *random.Random(count).sample(range(count), min(CHECKED, count))}
    for index in sorted(ends):
        assert bits(together, index) == bits(alone(rows[index]), 0), rows[index]


def test_neither_position_nor_other_networks_nor_threads_matter() -> None:
    rows = mixed(333)
    order = random.Random(3).sample(range(333), 333)
    one = trained(from_rows(rows))
    other = trained(from_rows([rows[place] for place in order]), threads=3)
    for place, index in enumerate(order):
        assert bits(one, index) == bits(other, place)


def test_the_length_of_the_strides_does_not_matter() -> None:
    plan = from_rows(mixed(200))
    regular = trained(plan)
    odd = BatchTraining(plan, trainer())
    rng = random.Random(5)
    while not odd.is_over:
        odd.stride = rng.randint(1, 11)
        odd.advance()
    assert all(bits(regular, index) == bits(odd, index) for index in range(200))


def test_what_has_ended_keeps_its_weights_while_others_go_on() -> None:
    rows = mixed(400)
    training = BatchTraining(from_rows(rows), trainer())
    training.stride = 5
    ended: dict[int, bytes] = {}
    while not training.is_over:
        training.advance()
        weights, outcome = training.weights(), training.column("outcome")
        for index in np.flatnonzero(outcome != 0):
            assert ended.setdefault(int(index), weights[index].tobytes()) == weights[index].tobytes()
    stops = training.column("stop")
    assert len(ended) == 400
    assert len(set(stops.tolist())) > 10, "some have to end on the way"


def test_the_kernel_has_the_codes_of_the_arrays() -> None:
    """The kernel has its own constants, since Numba's cache does not notice changes of another file."""
    from engine.models.xor.batch import arrays, compiled_kernel

    for name in arrays.OUTCOMES:
        assert (
            getattr(compiled_kernel, name.upper())
            == getattr(arrays, name.upper())
            == arrays.OUTCOMES.index(name)
        )
    for names in (arrays.ACTIVATIONS, arrays.LOSSES, arrays.OPTIMIZERS):
        assert [getattr(compiled_kernel, name.upper()) for name in names] == list(range(len(names)))
