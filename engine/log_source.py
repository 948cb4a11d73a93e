"""The log of another program that an imported run is read from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class LogSource:
    JSON_OMITTED: ClassVar = ("lost",)

    kind: str
    """tensorboard, csv, wandb or mlflow"""
    path: str
    """absolute; the id of a run behind that of a database"""
    name: str
    began_at: float
    """of its first record"""
    copied: bool = False
    """whether the events are kept for good; else they are a cache of the log, which may be deleted"""
    idle: float = 0.0
    """seconds without anything new after which it is no longer followed; 0: it is not"""
    lost: str = ""
    """why it could be followed no longer"""

    @property
    def is_there(self) -> bool:
        path = Path(self.path)
        return path.exists() or path.parent.is_file()
