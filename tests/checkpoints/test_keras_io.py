"""A Keras training through a checkpoint: the same bits after it, and refusals that say why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from checkpoints import keras_neutral
from checkpoints.checkpoint_content import Captured
from checkpoints.errors import CheckpointError, MismatchedCheckpoint, NotFinite
from checkpoints.keras_io import KerasState, load_weights, neutral_weights, strict_mode
from tests.checkpoints.training import Patience, verified

ROWS, WORDS = 24, 15
Optimizers = Callable[[], keras.optimizers.Optimizer]
OPTIMIZERS: dict[str, Optimizers] = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
    "adam": lambda: keras.optimizers.Adam(0.01),
    "schedule": lambda: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.9)),
}


class Training:
    """A small classifier of sentences, with Keras's own dropout."""

    def __init__(self, optimizer: Optimizers = OPTIMIZERS["adam"]) -> None:
        strict_mode(1, 7)
        rng = np.random.default_rng(1)
        self.words = rng.integers(0, WORDS, (ROWS, 5)).astype(np.int32)
        self.kinds = rng.integers(0, 3, ROWS)
        self.model = keras.Sequential(
            [
                keras.Input((5,), dtype="int32"),
                keras.layers.Embedding(WORDS, 6, name="embedding"),
                keras.layers.Dropout(0.3, name="dropout"),
                keras.layers.LSTM(4, name="lstm.l0"),
                keras.layers.Dense(3, name="output"),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(optimizer(), loss)
        self.model.optimizer.build(self.model.trainable_variables)
        self.patience = Patience()
        self.noise = np.random.Generator(np.random.Philox(key=[7, 1]))
        self.state = KerasState(
            self.model, self.model.optimizer, {"patience": self.patience}, {"noise": self.noise}
        )

    def run(self, after: int, until: int) -> Training:
        for step in range(after + 1, until + 1):
            rows = np.random.Generator(np.random.Philox(key=[7, step])).permutation(ROWS)[:8]
            loss = self.model.train_on_batch(self.words[rows], self.kinds[rows])
            self.patience.see(step, float(loss) + self.noise.normal(0, 0.1))
        return self


@pytest.fixture(scope="module")
def trained() -> tuple[Training, Captured]:
    """After its first step, with what it saved then; it is only refused things."""
    training = Training().run(0, 1)
    return training, training.state.capture(1)


def assert_same(one: Captured, other: Captured) -> None:
    assert one.weights_sha256() == other.weights_sha256()
    assert one.files() == other.files()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_resume_after_any_step_ends_in_the_same_bits(tmp_path: Path, name: str) -> None:
    whole, saved = Training(OPTIMIZERS[name]), []
    for step in range(1, 5):
        whole.run(step - 1, step)
        saved.append(verified(tmp_path / str(step), whole.state.capture(step)))
    end = whole.state.capture(4)
    training = Training(OPTIMIZERS[name])
    for checkpoint in saved:
        training.run(0, 2)  # whatever it did before
        step = training.state.restore(checkpoint)
        assert training.state.capture(step).files() == checkpoint.files
        assert_same(training.run(step, 4).state.capture(4), end)


def zero(slot: keras_neutral.Slot) -> None:
    slot.write(np.zeros_like(slot.read()))


FORGET: dict[str, Callable[[Training], Any]] = {
    "the random state of dropout": lambda it: [
        zero(one) for one in keras_neutral.variables(it.model, random=True).values()
    ],
    "the optimizer's slots": lambda it: [
        zero(one) for name, one in keras_neutral.slots(it.model.optimizer).items() if "momentum" in name
    ],
    "the optimizer's step count": lambda it: it.model.optimizer.iterations.assign(0),
    "the learning rate": lambda it: it.model.optimizer.learning_rate.assign(0.02),
}


@pytest.mark.long
@pytest.mark.parametrize("what", FORGET)
def test_forgetting_anything_changes_the_end(tmp_path: Path, what: str) -> None:
    whole = Training().run(0, 3)
    checkpoint = verified(tmp_path, whole.state.capture(3))
    end = whole.run(3, 6).state.capture(6).weights_sha256()
    training = Training()
    training.state.restore(checkpoint)
    FORGET[what](training)
    assert training.run(3, 6).state.capture(6).weights_sha256() != end


def test_weights_have_neutral_names_and_are_transposed() -> None:
    training = Training()
    found = neutral_weights(training.model)
    assert {name: one.shape for name, one in found.items()} == {
        "embedding.weight": (WORDS, 6),
        "lstm.l0.kernel": (6, 16),
        "lstm.l0.recurrent": (4, 16),
        "lstm.l0.bias": (16,),
        "output.weight": (3, 4),
        "output.bias": (3,),
    }
    kernel = training.model.get_layer("output").kernel.numpy()
    assert np.array_equal(found["output.weight"], kernel.T)
    turned = {name: one + 1 for name, one in found.items()}
    load_weights(training.model, turned)
    again = neutral_weights(training.model)
    assert all(np.array_equal(again[name], turned[name]) for name in turned)


@pytest.mark.parametrize(
    ("fact", "other"),
    [("threads", 2), ("tensorflow", "2.20.0"), ("device", "cuda"), ("deterministic", False)],
)
def test_another_environment_is_refused_unless_resumed_with_fast(
    tmp_path: Path, trained: tuple[Training, Captured], fact: str, other: Any
) -> None:
    training, captured = trained
    checkpoint = verified(tmp_path, replace(captured, env=dict(captured.env) | {fact: other}))
    with pytest.raises(MismatchedCheckpoint, match=f"{fact} was {other}, is ") as refusal:
        training.state.restore(checkpoint)
    assert "fast" in refusal.value.remedy
    assert training.state.restore(checkpoint, strict=False) == 1


@pytest.mark.parametrize("part", ["random.dropout.seed_generator_state", "slot.0.iteration"])
def test_a_checkpoint_without_a_part_of_the_training_is_refused(
    tmp_path: Path, trained: tuple[Training, Captured], part: str
) -> None:
    training, captured = trained
    train = {name: array for name, array in captured.train.items() if name != part}
    assert len(train) == len(captured.train) - 1
    with pytest.raises(MismatchedCheckpoint, match=part.partition(".")[2]):
        training.state.restore(verified(tmp_path, replace(captured, train=train)))


@pytest.mark.parametrize("section", ["optimizer", "extras", "random"])
def test_a_checkpoint_without_a_section_of_its_state_is_refused(
    tmp_path: Path, trained: tuple[Training, Captured], section: str
) -> None:
    training, captured = trained
    state = {name: value for name, value in captured.state.items() if name != section}
    with pytest.raises(CheckpointError):
        training.state.restore(verified(tmp_path, replace(captured, state=state)))


def test_another_model_is_refused_and_nothing_is_touched(
    tmp_path: Path, trained: tuple[Training, Captured]
) -> None:
    training, _ = trained
    before = training.state.capture(1)
    model = {**before.model, "output.weight": np.zeros((3, 5), np.float32)}
    with pytest.raises(MismatchedCheckpoint, match=r"model tensor output\.weight"):
        training.state.restore(verified(tmp_path, replace(before, model=model)))
    assert_same(training.state.capture(1), before)


def test_a_weight_that_is_not_finite_is_no_checkpoint() -> None:
    training = Training()
    training.model.get_layer("output").bias.assign([0.0, float("nan"), 0.0])
    with pytest.raises(NotFinite, match=r"output\.bias is not finite at step 5"):
        training.state.capture(5)


def test_another_training_begins_with_its_slots_and_keeps_its_own_learning_rate(tmp_path: Path) -> None:
    found = verified(tmp_path, Training().run(0, 4).state.capture(4))
    own = Training(lambda: keras.optimizers.Adam(0.3))
    assert own.state.begin(found, keeps_random=True) == 4
    assert float(own.model.optimizer.learning_rate.numpy()) == pytest.approx(0.3)
    assert int(own.model.optimizer.iterations.numpy()) == 4
    same = Training()
    same.state.begin(found, keeps_random=True)
    whole = Training().run(0, 9).state.capture(9)
    assert same.run(4, 9).state.capture(9).files() == whole.files()


def test_with_another_seed_dropout_of_a_begun_training_keeps_its_own_random_states(tmp_path: Path) -> None:
    found = verified(tmp_path, Training().run(0, 4).state.capture(4))
    own = Training()
    before = {name: slot.read() for name, slot in keras_neutral.variables(own.model, random=True).items()}
    own.state.begin(found, keeps_random=False)
    after = {name: slot.read() for name, slot in keras_neutral.variables(own.model, random=True).items()}
    assert before and all(np.array_equal(before[name], after[name]) for name in before)
