"""What a run of MLflow is in both of its stores: `mlflow.db` and the folder `mlruns`."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.params import Value
from engine.reader_protocol import LogDescription
from engine.typed_json import LATEST_TIME, WHOLE_LIMIT

KIND = "mlflow"
STATUSES = ("", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
"""by their number in `meta.yaml`"""
TAG_PREFIX, OWN_TAGS = "tags.", "mlflow."
"""a tag of the user's is a parameter with the prefix; MLflow's own tags are left out"""
PARAMS_LIMIT = 500
TEXT_LIMIT = 400
"""characters of a parameter that are kept"""


@dataclass(frozen=True, slots=True)
class MlflowRun:
    id: str
    name: str
    """with that of its experiment"""
    status: str
    """one of STATUSES"""
    began_at: float
    """seconds since 1970"""
    ended_at: float
    """0 while it goes on"""


def description(run: MlflowRun, source: str, size: int, params: Mapping[str, Value]) -> LogDescription:
    digest = hashlib.sha256(run.id.encode()).hexdigest()
    return LogDescription(KIND, source, run.name, digest, run.began_at, size, params)


def run_name(experiment: str, name: str) -> str:
    return f"{experiment}/{name}" if experiment and experiment != "Default" else name


def params_of(params: Mapping[str, str]) -> dict[str, Value]:
    """Numbers and truth values where the texts are such."""
    return {name[:200]: _value(text) for name, text in sorted(params.items())[:PARAMS_LIMIT]}


def tags_of(tags: Mapping[str, str]) -> dict[str, Value]:
    """The tags of the user's as parameters."""
    return params_of(
        {TAG_PREFIX + name: text for name, text in tags.items() if not name.startswith(OWN_TAGS)}
    )


def seconds(milliseconds: object) -> float:
    """As seconds since 1970; 0 for what is no time."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return 0.0
    return min(max(0.0, milliseconds / 1000), LATEST_TIME) if math.isfinite(milliseconds) else 0.0


def _value(text: str) -> Value:
    if text in ("True", "False"):
        return text == "True"
    if "_" in text:
        return text[:TEXT_LIMIT]  # Python reads 1_000 as a number
    try:
        whole = int(text)
        return whole if abs(whole) < WHOLE_LIMIT else text[:TEXT_LIMIT]
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text[:TEXT_LIMIT]
    return number if math.isfinite(number) else text[:TEXT_LIMIT]
