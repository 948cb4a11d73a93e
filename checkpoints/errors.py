"""What can go wrong with a checkpoint, said so that a person can go on."""

from __future__ import annotations

from pathlib import Path


class CheckpointError(Exception):
    """One clear line (what, expected, came) and, where there is one, the remedy."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class DamagedCheckpoint(CheckpointError):
    """The bytes on disk are not the ones that were saved."""

    def __init__(self, path: Path, offence: str) -> None:
        super().__init__(
            f"Checkpoint {path} is damaged: {offence}.", "It stays where it is; an older one is used."
        )
        self.path = path
        self.offence = offence


class MismatchedCheckpoint(CheckpointError):
    """The checkpoint is whole, but belongs to another model, optimizer or environment."""


class SaveFailed(CheckpointError):
    """Nothing was saved; what had been saved before is untouched."""

    def __init__(self, path: Path, step: int, cause: str, free: int | None) -> None:
        room = "free space unknown" if free is None else f"{free:,} bytes free"
        super().__init__(
            f"The checkpoint of step {step} was not saved in {path}: {cause} ({room}).",
            "Earlier checkpoints are untouched; the next save tries again.",
        )
        self.path = path
        self.step = step
        self.free = free


class NotFinite(CheckpointError):
    """A tensor holds NaN or an infinity, so this step must not pass for a good one."""

    def __init__(self, tensor: str, step: int) -> None:
        super().__init__(
            f"Tensor {tensor} is not finite at step {step}; the step was not saved.",
            "Resume from the last checkpoint with a smaller learning rate.",
        )
        self.tensor = tensor
        self.step = step
