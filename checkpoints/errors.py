"""Errors of checkpoints; each message has one line and, where there is one, a remedy."""

from __future__ import annotations

from pathlib import Path


class CheckpointError(Exception):
    """One line (what, expected, got) and, where there is one, the remedy."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class DamagedCheckpoint(CheckpointError):
    """The bytes on disk are not those that were saved."""

    def __init__(self, path: Path, fault: str) -> None:
        super().__init__(
            f"Checkpoint {path} is damaged: {fault}.", "It stays where it is; an older one is used."
        )
        self.path = path
        self.fault = fault


class MismatchedCheckpoint(CheckpointError):
    """The checkpoint is intact, but belongs to another model, optimizer or environment."""


class SaveFailed(CheckpointError):
    """Nothing was saved; earlier checkpoints are untouched."""

    def __init__(self, path: Path, step: int, cause: str, free: int | None) -> None:
        space = "free space unknown" if free is None else f"{free:,} bytes free"
        super().__init__(
            f"The checkpoint of step {step} was not saved in {path}: {cause} ({space}).",
            "Earlier checkpoints are untouched; the next save tries again.",
        )
        self.path = path
        self.step = step
        self.free = free


class NotFinite(CheckpointError):
    """A tensor has NaN or an infinity, so this step is not saved."""

    def __init__(self, tensor: str, step: int) -> None:
        super().__init__(
            f"Tensor {tensor} is not finite at step {step}; the step was not saved.",
            "Resume from the last checkpoint with a smaller learning rate.",
        )
        self.tensor = tensor
        self.step = step
