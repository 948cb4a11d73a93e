"""The training state of a fake: one number that depends on every step, without a framework."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from checkpoints import strict_json
from checkpoints.folder import Verified
from checkpoints.manifest import Fact

STATE = "state.json"


@dataclass(frozen=True, slots=True)
class Captured:
    value: float

    @property
    def env(self) -> Mapping[str, Fact]:
        return {"framework": "python"}

    def files(self) -> dict[str, bytes]:
        return {STATE: strict_json.dumps({"value": self.value.hex()})}

    def weights_sha256(self) -> str:
        return hashlib.sha256(self.value.hex().encode()).hexdigest()


class Tally:
    def __init__(self) -> None:
        self.value = 0.0

    def count(self, pace: float) -> float:
        """One step; its result depends on all steps before, to the last bit."""
        self.value = self.value * 0.999 + pace
        return 1 / (1 + self.value)

    def capture(self, step: int) -> Captured:
        return Captured(self.value)

    def restore(self, verified: Verified, *, strict: bool = True) -> int:
        self.value = float.fromhex(strict_json.loads(verified.files[STATE], 4096)["value"])
        return verified.manifest.step

    def begin(self, verified: Verified, *, keeps_random: bool) -> int:
        return self.restore(verified)
