"""What a run was trained on, as the facts of its checkpoints say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """`fingerprint` is empty where nothing says what it was, `title` where that alone was kept."""

    title: str
    fingerprint: str

    @property
    def description(self) -> str:
        return f"{self.title or 'data'} ({self.fingerprint[:12]})"


def from_checkpoint_env(env: Mapping[str, object]) -> TrainedOn:
    """Checkpoints of before hold the fingerprint alone, among what an exact resume depends on."""
    try:
        told = json.loads(str(env.get("data", "{}")))
        return TrainedOn(str(told["title"]), str(told["fingerprint"]))
    except (ValueError, TypeError, KeyError):
        return TrainedOn("", str(env.get("pinned.data", "")))
