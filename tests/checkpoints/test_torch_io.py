"""What is captured is a copy, and what does not fit is refused before anything is touched."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import nn

from checkpoints.errors import CheckpointError, DamagedCheckpoint, MismatchedCheckpoint, NotFinite
from checkpoints.folder import Verified
from checkpoints.torch_io import TorchState, environment, load_weights, strict_mode
from tests.checkpoints.training import Patience, Training, adam, verified

pytestmark = pytest.mark.usefixtures("torch_as_before")


def test_later_updates_do_not_reach_what_was_captured() -> None:
    training = Training().run(0, 4)
    captured = training.state.capture(4)
    before = captured.files()
    training.run(4, 9)
    assert captured.files() == before
    assert training.state.capture(9).files() != before


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_weight_that_is_not_finite_is_named_with_its_step(bad: float) -> None:
    training = Training().run(0, 2)
    with torch.no_grad():
        training.model.get_parameter("4.weight")[0, 0] = bad
    with pytest.raises(NotFinite, match=r"model:4\.weight is not finite at step 2"):
        training.state.capture(2)


def test_an_optimizer_slot_that_is_not_finite_is_named_with_its_step() -> None:
    training = Training().run(0, 2)
    next(iter(training.optimizer.state.values()))["exp_avg_sq"].fill_(math.inf)
    with pytest.raises(NotFinite, match=r"train:slot\.0\.exp_avg_sq is not finite at step 2"):
        training.state.capture(2)


def test_a_dtype_that_no_file_holds_is_named() -> None:
    model = nn.Linear(2, 2).to(torch.bfloat16)
    with pytest.raises(CheckpointError, match="Tensor weight has dtype bfloat16"):
        TorchState(model, adam(model.parameters())).capture(0)


def test_an_extra_that_is_not_plain_is_named() -> None:
    training = Training()
    training.patience.best = cast(float, torch.tensor(1.0))
    with pytest.raises(CheckpointError, match=r"state\.extras\.patience\.best is Tensor"):
        training.state.capture(0).files()


def linear(inputs: int = 3, outputs: int = 2, dtype: torch.dtype = torch.float32) -> TorchState:
    model = nn.Sequential(nn.Linear(inputs, outputs, dtype=dtype))
    optimizer = adam(model.parameters())
    model(torch.ones(1, inputs, dtype=dtype)).sum().backward()
    optimizer.step()
    return TorchState(model, optimizer)


def renamed() -> TorchState:
    model = nn.ModuleDict({"head": nn.Linear(3, 2)})
    return TorchState(model, adam(model.parameters()))


def without_bias() -> TorchState:
    model = nn.Sequential(nn.Linear(3, 2, bias=False))
    return TorchState(model, adam(model.parameters()))


def other_optimizer() -> TorchState:
    state = linear()
    return TorchState(state.model, torch.optim.SGD(state.model.parameters(), 0.1))


def other_groups() -> TorchState:
    state = linear()
    weight, bias = state.model.parameters()
    return TorchState(state.model, torch.optim.Adam([{"params": [weight]}, {"params": [bias]}], 0.01))


def with_scheduler() -> TorchState:
    state = linear()
    return TorchState(state.model, state.optimizer, torch.optim.lr_scheduler.StepLR(state.optimizer, 3))


def with_extra() -> TorchState:
    state = linear()
    return TorchState(state.model, state.optimizer, extras={"patience": Patience()})


def with_generator() -> TorchState:
    state = linear()
    return TorchState(state.model, state.optimizer, generators={"noise": np.random.default_rng()})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: linear(inputs=4), r"model tensor 0\.weight .* expected \(\(2, 4\), 'float32'\)"),
        (lambda: linear(dtype=torch.float64), "float64"),
        (renamed, r"lacks \['head\.bias', 'head\.weight'\] and has \['0\.bias', '0\.weight'\] too many"),
        (without_bias, r"has \['0\.bias'\] too many"),
        (other_optimizer, "optimizer Adam, expected SGD"),
        (other_groups, "optimizer groups"),
        (with_scheduler, r"optimizer groups|scheduler None, expected StepLR"),
        (with_extra, r"extras \[\], expected \['patience'\]"),
        (with_generator, r"generators \[\], expected \['noise'\]"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_touched(
    tmp_path: Path, make: Callable[[], TorchState], words: str
) -> None:
    checkpoint = verified(tmp_path, linear().capture(1))
    other = make()
    before = other.capture(1).files()
    with pytest.raises(MismatchedCheckpoint, match=words):
        other.restore(checkpoint)
    assert other.capture(1).files() == before


def test_a_slot_of_another_shape_is_refused(tmp_path: Path) -> None:
    state = linear()
    captured = state.capture(1)
    train = dict(captured.train) | {"slot.0.exp_avg": np.zeros((2, 4), np.float32)}
    checkpoint = verified(tmp_path, type(captured)(1, captured.model, train, captured.state, captured.env))
    with pytest.raises(MismatchedCheckpoint, match=r"optimizer tensor 0\.exp_avg"):
        state.restore(checkpoint)


def test_weights_that_are_not_those_of_the_manifest_are_refused(tmp_path: Path) -> None:
    state = linear()
    checkpoint = verified(tmp_path, state.capture(1))
    manifest = type(checkpoint.manifest)(
        "training", 1, checkpoint.manifest.files, "0" * 64, checkpoint.manifest.env
    )
    with pytest.raises(DamagedCheckpoint, match="does not have the weights"):
        state.restore(Verified(checkpoint.path, manifest, checkpoint.files))


def test_neutral_weights_open_in_a_model_and_only_in_the_right_one() -> None:
    source, target = linear().model, linear().model
    weights = {name: tensor.detach().numpy() * 2 for name, tensor in source.state_dict().items()}
    load_weights(target, weights)
    assert {name: tensor.tolist() for name, tensor in target.state_dict().items()} == {
        name: array.tolist() for name, array in weights.items()
    }
    with pytest.raises(MismatchedCheckpoint, match=r"0\.weight"):
        load_weights(linear(inputs=5).model, weights)


def test_strict_mode_fixes_what_the_bits_depend_on_and_the_environment_says_so() -> None:
    strict_mode(2, 5)
    first = torch.rand(3).tolist(), np.random.rand(3).tolist()
    facts = environment(torch.device("cpu"))
    assert (facts["threads"], facts["interop_threads"], facts["deterministic"]) == (2, 1, True)
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    strict_mode(2, 5)
    assert (torch.rand(3).tolist(), np.random.rand(3).tolist()) == first
