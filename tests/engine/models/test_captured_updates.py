from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from engine.models.captured_updates import STEPS, CapturedUpdates, set_rate
from engine.models.cuda_graph import Body, capture_on

BATCH, IMAGES = 5, 120
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


class Training:
    def __init__(self, device: str) -> None:
        torch.manual_seed(3)
        self.net = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 3)).to(device)
        self.optimizer = Adam(self.net.parameters(), lr=0.01, fused=True)
        self.x = torch.randn(IMAGES, 8).to(device)
        self.y = torch.arange(IMAGES).to(device) % 3
        self.said: list[str] = []
        self.captured = CapturedUpdates(
            self.update, [self.net], self.optimizer, self.said.append, capture_on(device)
        )

    def update(self, chosen: Tensor, rate: float | Tensor, noise: Tensor) -> Tensor:
        set_rate(self.optimizer, rate)
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.net(self.x[chosen] + noise), self.y[chosen])
        torch.autograd.backward(loss)
        self.optimizer.step()
        return loss.detach()

    def plain(self, chosen: Tensor, rate: float = 0.01) -> list[float]:
        """An update at a time. The rate is a tensor: as a number it is not rounded to float32."""
        given = torch.tensor(rate, device=chosen.device)
        return [
            float(self.update(one, given, torch.from_numpy(noise(one)).to(chosen.device)))
            for one in chosen.split(BATCH)
        ]

    def together(self, chosen: Tensor, rate: float = 0.01) -> list[float]:
        return self.captured([(one, rate, noise(one)) for one in chosen.split(BATCH)])

    def weights(self) -> list[float]:
        return torch.cat([weight.detach().flatten() for weight in self.net.parameters()]).tolist()


def noise(chosen: Tensor) -> np.ndarray:
    """(8,) an input from NumPy."""
    return np.random.default_rng(int(chosen.sum())).normal(size=8).astype(np.float32)


def batches(device: str, count: int, seed: int = 0) -> Tensor:
    drawn = torch.randint(IMAGES, (count * BATCH,), generator=torch.Generator().manual_seed(seed))
    return drawn.to(device)


@pytest.mark.parametrize("device", DEVICES)
def test_captured_updates_leave_the_weights_and_losses_of_plain_ones(device: str) -> None:
    plain, captured = Training(device), Training(device)
    torch.manual_seed(7)
    expected = [plain.plain(batches(device, count, count)) for count in (STEPS, 3, STEPS)]
    torch.manual_seed(7)
    found = [captured.together(batches(device, count, count)) for count in (STEPS, 3, STEPS)]
    assert found == expected and captured.weights() == plain.weights()


@pytest.mark.parametrize("device", DEVICES)
def test_a_learning_rate_that_changes_between_calls_is_used(device: str) -> None:
    plain, captured = Training(device), Training(device)
    for train in (plain.plain, captured.together):
        torch.manual_seed(7)
        for rate in (0.01, 0.3):
            train(batches(device, STEPS), rate)
    assert captured.weights() == plain.weights()
    assert captured.optimizer.param_groups[0]["lr"] == 0.01, "a checkpoint has the number that was set"
    assert not captured.optimizer.param_groups[0]["capturable"]


@pytest.mark.parametrize("device", DEVICES)
def test_a_training_that_goes_on_from_a_state_is_captured_with_it(device: str) -> None:
    plain, captured = Training(device), Training(device)
    for one in (plain, captured):
        torch.manual_seed(7)
        one.plain(batches(device, 4))
    torch.manual_seed(8)
    expected = plain.plain(batches(device, STEPS, 1))
    torch.manual_seed(8)
    assert captured.together(batches(device, STEPS, 1)) == expected
    assert captured.weights() == plain.weights()


@pytest.mark.parametrize("device", DEVICES)
def test_a_shorter_batch_is_trained_as_well(device: str) -> None:
    plain, captured = Training(device), Training(device)
    chosen = batches(device, STEPS)[: STEPS * BATCH - 2]
    torch.manual_seed(7)
    expected = plain.plain(chosen)
    torch.manual_seed(7)
    assert captured.together(chosen) == expected and captured.weights() == plain.weights()


def test_where_no_graph_can_be_made_that_is_said_and_plain_updates_are_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuses(body: Body, warm_up: Body | None = None) -> Body:
        body()
        raise RuntimeError("operation not permitted when stream is capturing")

    plain, captured = Training("cpu"), Training("cpu")
    monkeypatch.setattr(captured.captured, "_capture", refuses)
    torch.manual_seed(7)
    expected = plain.plain(batches("cpu", STEPS))
    torch.manual_seed(7)
    assert captured.together(batches("cpu", STEPS)) == expected
    assert captured.weights() == plain.weights()
    assert len(captured.said) == 1 and "not permitted" in captured.said[0]


def test_batches_of_two_sizes_have_a_graph_each() -> None:
    plain, captured = Training("cpu"), Training("cpu")
    chosen = batches("cpu", 2 * STEPS)
    sizes = [chosen[: STEPS * BATCH].split(BATCH), chosen[: STEPS * 2].split(2)] * 2
    torch.manual_seed(7)
    expected = [
        [float(plain.update(one, torch.tensor(0.01), torch.zeros(8))) for one in part] for part in sizes
    ]
    torch.manual_seed(7)
    zeros = np.zeros(8, np.float32)
    assert [captured.captured([(one, 0.01, zeros) for one in part]) for part in sizes] == expected
    assert captured.weights() == plain.weights()
