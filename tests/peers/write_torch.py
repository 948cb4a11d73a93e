"""What PyTorch's SummaryWriter writes."""

from __future__ import annotations

from pathlib import Path

from tests.peers.logged_media import add_media
from tests.peers.stored_logs import store


def write(folder: Path) -> None:
    import torch
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder))
    for step in range(100):
        writer.add_scalar("Loss/train", 1 / (step + 1), step)
        writer.add_scalar("new/half", torch.tensor(step / 7, dtype=torch.float16), step, new_style=True)
        writer.add_scalar("new/double", step / 7, step, new_style=True, double_precision=True)
    add_media(writer)
    params = {"lr": 0.1, "batch": 32, "name": "adam", "nesterov": True}
    writer.add_hparams(params, {"hparam/loss": 0.25}, run_name="hp")
    writer.close()


if __name__ == "__main__":
    store("torch", write)
