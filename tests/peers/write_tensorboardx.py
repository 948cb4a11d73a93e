"""What tensorboardX writes."""

from __future__ import annotations

from pathlib import Path

from tests.peers.logged_media import add_media
from tests.peers.stored_logs import store


def write(folder: Path) -> None:
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(str(folder))
    for step in range(0, 300, 3):
        writer.add_scalar("loss", 1 / (step + 1), step)
        writer.add_scalar("val/accuracy", 1 - 0.9 ** (step + 1), step)
    writer.add_scalar("nan", float("nan"), 1)
    writer.add_scalar("nan", float("-inf"), 2)
    add_media(writer)
    writer.close()


if __name__ == "__main__":
    store("tensorboardX", write)
