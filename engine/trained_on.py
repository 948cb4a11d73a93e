"""The data set of a run, from the manifests of its checkpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """`fingerprint` is empty where the data set is unknown, `title` where only the fingerprint is known."""

    title: str
    fingerprint: str

    @property
    def description(self) -> str:
        return f"{self.title or 'data'} ({self.fingerprint[:12]})"


def from_checkpoint_env(env: Mapping[str, object]) -> TrainedOn:
    """From `env` of a manifest; those of older versions have only the fingerprint, as `pinned.data`."""
    try:
        found = json.loads(str(env.get("data", "{}")))
        return TrainedOn(str(found["title"]), str(found["fingerprint"]))
    except (ValueError, TypeError, KeyError):
        return TrainedOn("", str(env.get("pinned.data", "")))
