from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from engine.models.captured_updates import STEPS, CapturedUpdates
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
            self.update, self.net, self.optimizer, BATCH, self.said.append, capture_on(device)
        )

    def update(self, chosen: Tensor) -> Tensor:
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.net(self.x[chosen]), self.y[chosen])
        torch.autograd.backward(loss)
        self.optimizer.step()
        return loss.detach()

    def plain(self, chosen: Tensor) -> list[float]:
        return [float(self.update(one)) for one in chosen.split(BATCH)]

    def weights(self) -> list[float]:
        return torch.cat([weight.detach().flatten() for weight in self.net.parameters()]).tolist()


def batches(device: str, count: int, seed: int = 0) -> Tensor:
    drawn = torch.randint(IMAGES, (count * BATCH,), generator=torch.Generator().manual_seed(seed))
    return drawn.to(device)


@pytest.mark.parametrize("device", DEVICES)
def test_captured_updates_leave_the_weights_and_losses_of_plain_ones(device: str) -> None:
    plain, captured = Training(device), Training(device)
    torch.manual_seed(7)
    expected = [plain.plain(batches(device, count, count)) for count in (STEPS, 3, STEPS)]
    torch.manual_seed(7)
    found = [captured.captured(batches(device, count, count).split(BATCH)) for count in (STEPS, 3, STEPS)]
    assert found == expected and captured.weights() == plain.weights()


@pytest.mark.parametrize("device", DEVICES)
def test_a_learning_rate_that_changes_between_calls_is_used(device: str) -> None:
    plain, captured = Training(device), Training(device)
    for one, train in (
        (plain, plain.plain),
        (captured, lambda chosen: captured.captured(chosen.split(BATCH))),
    ):
        torch.manual_seed(7)
        for rate in (0.01, 0.3):
            one.optimizer.param_groups[0]["lr"] = rate
            train(batches(device, STEPS))
    assert captured.weights() == plain.weights()
    assert captured.optimizer.param_groups[0]["lr"] == 0.3, "a checkpoint has a plain number"


@pytest.mark.parametrize("device", DEVICES)
def test_a_training_that_goes_on_from_a_state_is_captured_with_it(device: str) -> None:
    plain, captured = Training(device), Training(device)
    for one in (plain, captured):
        torch.manual_seed(7)
        one.plain(batches(device, 4))
    torch.manual_seed(8)
    expected = plain.plain(batches(device, STEPS, 1))
    torch.manual_seed(8)
    assert captured.captured(batches(device, STEPS, 1).split(BATCH)) == expected
    assert captured.weights() == plain.weights()


@pytest.mark.parametrize("device", DEVICES)
def test_a_shorter_batch_is_trained_as_well(device: str) -> None:
    plain, captured = Training(device), Training(device)
    chosen = batches(device, STEPS)[: STEPS * BATCH - 2]
    torch.manual_seed(7)
    expected = plain.plain(chosen)
    torch.manual_seed(7)
    assert captured.captured(chosen.split(BATCH)) == expected and captured.weights() == plain.weights()


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
    assert captured.captured(batches("cpu", STEPS).split(BATCH)) == expected
    assert captured.weights() == plain.weights()
    assert len(captured.said) == 1 and "not permitted" in captured.said[0]
