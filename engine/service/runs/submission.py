"""A request to train, checked and made into a spec."""

from __future__ import annotations

import dataclasses
import os
import re
import time
from dataclasses import dataclass
from typing import Any

from engine import catalog, params, store
from engine.errors import InputError
from engine.protocol import EXECUTORS, Json, Spec

SEED_LIMIT = 2**32
DEVICES = ("auto", "cpu", "gpu")
NAME_LIMIT = 64
PATH_LIMIT = 4096
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{0,64}")


@dataclass(frozen=True, slots=True)
class Submission:
    experiment: str
    params: Json
    seed: int
    name: str
    device: str
    token: str
    executor: str = "local"
    data: str | None = None


def read(facts: Json) -> Submission:
    """Raises DltuiError naming the field, what was expected and what came."""
    given = facts.get("params", {})
    if not isinstance(given, dict):
        raise _wrong("params", "an object of names and values", given)
    return Submission(
        experiment=_text(facts, "experiment"),
        params=given,
        seed=_seed(facts.get("seed", 1)),
        name=checked_name(_text(facts, "name")),
        device=_device(facts.get("device", "auto")),
        token=_token(_text(facts, "token")),
        executor=executor_of(facts.get("executor", "local")),
        data=data_of(facts.get("data")),
    )


def spec_of(asked: Submission, now: float | None = None) -> Spec:
    """With every parameter written out. Raises UnknownExperiment or ParamError."""
    experiment = catalog.find(asked.experiment)
    values = dataclasses.asdict(params.build(experiment.params, asked.params))
    created = time.time() if now is None else now
    run_id = store.new_id(experiment.name, created)
    return Spec(
        id=run_id,
        experiment=experiment.name,
        params=values,
        seed=asked.seed,
        name=asked.name or f"{experiment.name}-{run_id[-4:]}",
        framework=experiment.framework_of(values),
        threads=experiment.threads or cores(),
        device=asked.device,
        created_at=round(created, 3),
        token=asked.token,
        executor=asked.executor,
        data=asked.data,
    )


def executor_of(given: Any) -> str:
    """ray@host:port names a cluster. Raises DltuiError."""
    base, at, address = str(given).partition("@")
    if base not in EXECUTORS or (at and base != "ray"):
        raise _wrong("executor", f"one of {', '.join(EXECUTORS)}", given)
    if at and not (address.isprintable() and 0 < len(address) <= 200):
        raise _wrong("executor", "ray@host:port", given)
    return str(given)


def cores() -> int:
    """That this process may use; a container or taskset may leave fewer than the machine has."""
    return len(os.sched_getaffinity(0))


def _text(facts: Json, field: str) -> str:
    value = facts.get(field, "")
    if not isinstance(value, str):
        raise _wrong(field, "text", value)
    return value


def _seed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < SEED_LIMIT:
        raise _wrong("seed", f"a whole number from 0 to {SEED_LIMIT - 1}", value)
    return value


def checked_name(value: str) -> str:
    """The name of a run as it stands; "" is none. Raises DltuiError."""
    if value and not _NAME.fullmatch(value):
        raise _wrong(
            "name", f"up to {NAME_LIMIT} letters, digits, spaces and . _ -, a letter or digit first", value
        )
    return value


def _device(value: Any) -> str:
    if value not in DEVICES:
        raise _wrong("device", f"one of {', '.join(DEVICES)}", value)
    return str(value)


def data_of(value: Any) -> str | None:
    """The folder of data sets as a client names it; one of before says nothing: None. Raises DltuiError."""
    if value is None:
        return None
    if value == "":
        return ""
    is_path = isinstance(value, str) and value.startswith("/") and "\0" not in value
    if not is_path or len(value.encode()) > PATH_LIMIT:
        raise _wrong("data", f'an absolute folder of up to {PATH_LIMIT} bytes, or ""', value)
    return str(value)


def _token(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise _wrong("token", "up to 64 letters, digits, - and _", value)
    return value


def _wrong(field: str, expected: str, got: object) -> InputError:
    return InputError(f"{field}: expected {expected}, got {str(got)[:80]!r}.")
