"""What accelerate's TensorBoard tracker writes."""

from __future__ import annotations

from pathlib import Path

from tests.peers.stored_logs import store


def write(folder: Path) -> None:
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True, log_with="tensorboard", project_dir=str(folder))
    accelerator.init_trackers("digits", config={"lr": 0.01, "batch": 32, "optimizer": "adam"})
    for step in range(60):
        accelerator.log({"train_loss": 1 / (step + 1), "lr": 0.01 * 0.9**step}, step)
    accelerator.log({"sample": "two dogs *play*"}, 59)
    accelerator.end_training()


if __name__ == "__main__":
    store("accelerate", write)
