"""What transformers' Trainer writes for TensorBoard."""

from __future__ import annotations

from pathlib import Path

from tests.peers.stored_logs import SEED, store


def write(folder: Path) -> None:
    import torch
    from transformers import Trainer, TrainingArguments, set_seed

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 1)

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            found = self.layer(x)
            return {"loss": (found - labels).square().mean(), "logits": found}

    set_seed(SEED)
    data = [{"x": torch.rand(4), "labels": torch.rand(1)} for _ in range(32)]
    arguments = TrainingArguments(
        str(folder),
        num_train_epochs=5,
        per_device_train_batch_size=4,
        learning_rate=0.01,
        logging_steps=4,
        eval_strategy="epoch",
        save_strategy="no",
        report_to=["tensorboard"],
        use_cpu=True,
        disable_tqdm=True,
    )
    Trainer(Model(), arguments, train_dataset=data, eval_dataset=data).train()
    (run,) = (folder / "runs").iterdir()
    run.rename(run.with_name("Nov14_22-13-20_host"))


if __name__ == "__main__":
    store("transformers", write)
