"""What a loop names as its parts is the state that is saved: networks, optimizers, arrays, generators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from checkpoints.torch_io import TorchState
from engine.errors import ParamError
from engine.worker.run import Run
from engine.worker.training_parts import state_of
from tests.engine.worker.attempts import ScriptedPipe, curve, make_run, new_run, weights
from tests.fakes.tally import Tally


def walk(run: Run) -> None:
    """A random walk that draws from a generator of its own and from the global one."""
    np.random.seed(5)
    place, random = np.zeros(3), np.random.default_rng(6)
    for step in run.steps({"place": place, "random": random}, 12):
        place += random.standard_normal(3) * np.random.random()
        run.log(step, loss=float(np.abs(place).sum()))
    run.save()
    run._event_log.close(run.step, status="done", cause={"kind": "finished", "text": "", "remedy": ""})


def test_arrays_with_their_generators_and_the_global_one_go_on_bit_for_bit(tmp_path: Path) -> None:
    whole, parts = new_run(tmp_path, "counter"), new_run(tmp_path, "counter")
    walk(make_run(whole)[0])
    walk(make_run(parts, ScriptedPipe({5: {"word": "pause"}}))[0])
    assert list(curve(parts, "loss")) == [1, 2, 3, 4, 5]
    walk(make_run(parts, number=2)[0])
    assert curve(parts, "loss") == curve(whole, "loss") and weights(parts) == weights(whole)


def test_the_first_network_is_the_model_whatever_the_order_of_the_parts() -> None:
    net, teacher = nn.Linear(2, 1), nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scheduler, random = torch.optim.lr_scheduler.StepLR(optimizer, 2), np.random.default_rng(1)
    state = state_of((optimizer, net, scheduler, random, teacher))
    assert isinstance(state, TorchState)
    assert (state.model, state.optimizer, state.scheduler) == (net, optimizer, scheduler)
    assert list(state.modules.values()) == [teacher] and list(state.generators.values()) == [random]


def test_a_state_is_itself() -> None:
    tally = Tally()
    assert state_of(tally) is tally


SGD = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)


@pytest.mark.parametrize(
    "parts,found",
    [
        (SGD, "got SGD"),
        (nn.Linear(1, 1), "got Linear"),
        ((nn.Linear(1, 1), SGD, 3), "got Linear, SGD, int"),
        ({"w": np.zeros(2), "lr": 0.1}, "got ndarray, float"),
        ({}, "got nothing"),
        (None, "got NoneType"),
    ],
)
def test_parts_that_are_no_training_are_refused_in_one_line(parts: Any, found: str) -> None:
    with pytest.raises(ParamError, match="What is to be saved: expected a network with its optimizer") as why:
        state_of(parts)
    assert found in str(why.value) and "\n" not in why.value.message
