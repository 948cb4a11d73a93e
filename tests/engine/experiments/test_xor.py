"""XOR: the claim of the lesson, its options, and its gradients against plain formulas."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from checkpoints.torch_io import strict_mode
from engine.built_in_experiments import XOR_ACTIVATIONS, XorParams
from engine.experiments import xor
from engine.experiments.xor import Net, XorEarlyStopping
from engine.models.xor.xor_net import FLOORS
from tests.engine.worker.attempts import curve, new_run, read_events, train
from tui.xor.recipes import ARCHITECTURES, XorRecipe


def test_two_hidden_units_reach_a_loss_below_a_tenth(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor")
    train(folder)
    points = curve(folder, "loss")
    assert list(points) == list(range(1, 1001))
    assert points[1000] < 0.1
    assert curve(folder, "accuracy")[1000] == 1.0


@pytest.mark.parametrize(("given", "seed"), [({"hidden": 1, "bypass": True}, 1), ({"hidden": 4}, 1)])
def test_one_unit_with_bypass_and_four_units_learn_it_too(tmp_path: Path, given: dict, seed: int) -> None:
    folder = new_run(tmp_path, "xor", seed=seed, epochs=3000, **given)
    train(folder)
    assert curve(folder, "accuracy")[3000] == 1.0


@pytest.mark.parametrize("seed", [1, 2])
def test_one_silu_unit_without_bypass_goes_below_the_least_loss_of_one_unit_that_only_rises(
    tmp_path: Path, seed: int
) -> None:
    given = {"hidden": 1, "lr": 0.05, "epochs": 1500}
    folder = new_run(tmp_path, "xor", seed=seed, activation="silu", **given)
    train(folder)
    assert curve(folder, "loss")[1500] < 0.05 < FLOORS[1, False]
    rising = new_run(tmp_path, "xor", seed=seed, activation="sigmoid", **given)
    train(rising)
    assert curve(rising, "loss")[1500] > FLOORS[1, False]


def test_without_hidden_units_it_cannot_be_learned(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor", hidden=0, bypass=True, epochs=1500, lr=0.1)
    train(folder)
    assert curve(folder, "loss")[1500] == pytest.approx(0.6931, abs=2e-3)


@pytest.mark.long
@pytest.mark.parametrize(("recipe", "floor"), list(zip(ARCHITECTURES, FLOORS.values(), strict=True)))
def test_every_architecture_reaches_its_least_loss(tmp_path: Path, recipe: XorRecipe, floor: float) -> None:
    assert (recipe.hidden, recipe.bypass) in FLOORS and FLOORS[recipe.hidden, recipe.bypass] == floor
    folder = new_run(tmp_path, "xor", seed=recipe.seed, **recipe.params)
    train(folder)
    assert list(curve(folder, "loss").values())[-1] == pytest.approx(floor, abs=1e-3)


def test_its_weights_are_drawn_from_the_first_steps_to_the_last(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor", hidden=3, bypass=True, epochs=400)
    train(folder)
    drawn = [event.facts for event in read_events(folder) if event.kind == "sketch"]
    assert 200 <= len(drawn) <= 210
    assert drawn[0]["step"] <= 2 and drawn[-1]["step"] == 400
    for sketch in drawn:
        parts = sketch["parts"]
        assert [len(pair) for pair in parts["hidden_weight"]] == [2, 2, 2]
        assert (len(parts["hidden_bias"]), len(parts["output_weight"])) == (3, 5)
        assert isinstance(parts["output_bias"], float)


def test_the_notebook_recipe_stops_when_it_is_good_enough_for_ten_epochs(tmp_path: Path) -> None:
    folder = new_run(
        tmp_path, "xor", seed=3, hidden=1, bypass=True, activation="sigmoid", optimizer="sgd", lr=0.25,
        initial="xavier", validation="notebook", patience=10, epochs=40_000,
    )  # fmt: skip
    train(folder)
    last = read_events(folder)[-1].facts["step"]
    assert 2_000 < last < 12_000
    val_loss = curve(folder, "val_loss")
    assert min(val_loss.values()) < 0.2
    assert val_loss[last - 1] > min(val_loss.values()) - 1e-4


@pytest.mark.parametrize("activation", XOR_ACTIVATIONS)
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_every_combination_trains(tmp_path: Path, activation: str, optimizer: str, loss: str) -> None:
    folder = new_run(
        tmp_path, "xor", activation=activation, optimizer=optimizer, loss=loss, hidden=8, epochs=60, lr=0.05
    )
    train(folder)
    points = curve(folder, "loss")
    assert points[60] < points[1]


def test_the_net_computes_its_formula() -> None:
    strict_mode(1, 5)
    params = XorParams(hidden=3, bypass=True)
    net = Net(params)
    w, b = net.hidden.weight, net.hidden.bias
    h = 1 / (1 + torch.exp(-(xor.ROWS @ w.T + b) / 0.5))
    z = (torch.cat([xor.ROWS, h], 1) @ net.output.weight.T + net.output.bias) / 0.5
    assert torch.allclose(net(xor.ROWS), z, atol=1e-6)
    p = 1 / (1 + torch.exp(-z))
    bce = -(xor.TRUTH * p.log() + (1 - xor.TRUTH) * (1 - p).log()).mean()
    assert torch.allclose(xor.loss_of(params, net(xor.ROWS), xor.TRUTH), bce, atol=1e-6)


def test_the_gradient_agrees_with_finite_differences() -> None:
    strict_mode(1, 5)
    params = XorParams(hidden=2)
    net = Net(params).double()
    weight = net.hidden.weight

    def loss() -> torch.Tensor:
        return xor.loss_of(params, net(xor.ROWS.double()), xor.TRUTH.double())

    loss().backward()
    with torch.no_grad():
        for i in range(2):
            for j in range(2):
                weight[i, j] += 1e-6
                above = loss()
                weight[i, j] -= 2e-6
                below = loss()
                weight[i, j] += 1e-6
                assert weight.grad[i, j].item() == pytest.approx(((above - below) / 2e-6).item(), rel=1e-5)


def test_a_row_learned_too_well_has_a_finite_loss() -> None:
    logits = torch.tensor([[-400.0], [400.0], [400.0], [-400.0]])
    assert xor.loss_of(XorParams(), logits, xor.TRUTH).item() == 0.0
    assert xor.loss_of(XorParams(), -logits, xor.TRUTH).item() == pytest.approx(400.0)


def test_xavier_starts_without_bias_and_within_its_bounds() -> None:
    strict_mode(1, 5)
    net = Net(XorParams(hidden=4, initial="xavier"))
    assert not net.hidden.bias.any() and not net.output.bias.any()
    assert net.hidden.weight.abs().max() <= 1.0  # sqrt(6 / (2 + 4))


def test_early_stopping_needs_epochs_without_progress_and_the_target() -> None:
    patience = XorEarlyStopping(XorParams(validation="notebook", patience=2, min_delta=0.1, target=0.5))
    seen = []
    for loss in (0.9, 0.9, 0.9, 0.4, 0.35, 0.32):
        patience.update(loss)
        seen.append(patience.is_over)
    assert seen == [False, False, False, False, False, True]
    again = XorEarlyStopping(patience.params)
    again.load_state_dict(patience.state_dict())
    assert again.is_over and again.best == 0.4


def test_without_patience_it_never_stops_early() -> None:
    patience = XorEarlyStopping(XorParams())
    for _ in range(100):
        patience.update(0.0)
    assert not patience.is_over
