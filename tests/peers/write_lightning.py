"""What Lightning's CSVLogger and TensorBoardLogger write of a training."""

from __future__ import annotations

from pathlib import Path

from tests.peers.stored_logs import SEED, store


def write(folder: Path) -> None:
    import lightning
    import torch
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

    class Model(lightning.LightningModule):
        def __init__(self, lr: float, layers: int, optimizer: str) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
            loss = (self.layer(batch[0]) - batch[1]).square().mean()
            self.log("train_loss", loss)
            return loss

        def validation_step(self, batch: list[torch.Tensor], _: int) -> None:
            self.log("val_loss", (self.layer(batch[0]) - batch[1]).square().mean())

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), self.hparams["lr"])

    lightning.seed_everything(SEED)
    data = torch.utils.data.TensorDataset(torch.rand(64, 4), torch.rand(64, 1))
    batches = torch.utils.data.DataLoader(data, batch_size=8)
    trainer = lightning.Trainer(
        max_epochs=6,
        log_every_n_steps=5,
        logger=[CSVLogger(folder, name="csv"), TensorBoardLogger(folder, name="tensorboard")],
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )
    trainer.fit(Model(0.1, 2, "adam"), batches, batches)


if __name__ == "__main__":
    store("lightning", write)
