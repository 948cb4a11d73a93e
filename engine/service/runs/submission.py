"""Validate a request to train, and make its spec."""

from __future__ import annotations

import dataclasses
import re
import time
from dataclasses import dataclass
from typing import Any

from engine import catalog, params, store
from engine.errors import InputError
from engine.protocol import EXECUTORS, Json, Spec
from engine.service.placement.resources import cores

SEED_LIMIT = 2**32
DEVICES = ("auto", "cpu", "gpu")
NAME_LIMIT = 64
PATH_LIMIT = 4096
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{0,64}")


@dataclass(frozen=True, slots=True)
class RunSubmission:
    experiment: str
    params: Json
    seed: int
    name: str
    device: str
    token: str
    executor: str = "local"
    data: str | None = None


def read_submission(facts: Json) -> RunSubmission:
    """Raises DltuiError naming the field, what was expected and what came."""
    given = facts.get("params", {})
    if not isinstance(given, dict):
        raise _invalid("params", "an object of names and values", given)
    return RunSubmission(
        experiment=_text(facts, "experiment"),
        params=given,
        seed=_seed(facts.get("seed", 1)),
        name=parse_name(_text(facts, "name")),
        device=_device(facts.get("device", "auto")),
        token=_token(_text(facts, "token")),
        executor=parse_executor(facts.get("executor", "local")),
        data=parse_data(facts.get("data")),
    )


def spec_of(submission: RunSubmission, now: float | None = None) -> Spec:
    """The spec, with a new id and all parameters. Raises UnknownExperiment or ParamError.

    `now`: wall clock, by default that of the system.
    """
    experiment = catalog.find(submission.experiment)
    values = dataclasses.asdict(params.build(experiment.params, submission.params))
    created = time.time() if now is None else now
    run_id = store.new_id(experiment.name, created)
    return Spec(
        id=run_id,
        experiment=experiment.name,
        params=values,
        seed=submission.seed,
        name=submission.name or f"{experiment.name}-{run_id[-4:]}",
        framework=experiment.framework_of(values),
        threads=experiment.threads or cores(),
        device=submission.device,
        created_at=round(created, 3),
        token=submission.token,
        executor=submission.executor,
        data=submission.data,
    )


def parse_executor(given: Any) -> str:
    """The name of an executor as it stands, such as local or ray@host:port. Raises DltuiError."""
    base, at, address = str(given).partition("@")
    if base not in EXECUTORS or (at and base != "ray"):
        raise _invalid("executor", f"one of {', '.join(EXECUTORS)}", given)
    if at and not (address.isprintable() and 0 < len(address) <= 200):
        raise _invalid("executor", "ray@host:port", given)
    return str(given)


def _text(facts: Json, field: str) -> str:
    value = facts.get(field, "")
    if not isinstance(value, str):
        raise _invalid(field, "text", value)
    return value


def _seed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < SEED_LIMIT:
        raise _invalid("seed", f"a whole number from 0 to {SEED_LIMIT - 1}", value)
    return value


def parse_name(value: str) -> str:
    """The name of a run as it stands; "" is none. Raises DltuiError."""
    if value and not _NAME.fullmatch(value):
        raise _invalid(
            "name", f"up to {NAME_LIMIT} letters, digits, spaces and . _ -, a letter or digit first", value
        )
    return value


def _device(value: Any) -> str:
    if value not in DEVICES:
        raise _invalid("device", f"one of {', '.join(DEVICES)}", value)
    return str(value)


def parse_data(value: Any) -> str | None:
    """The data folder that a client sent: an absolute path, or "" for none; None where it sent nothing.

    Raises DltuiError.
    """
    if value is None:
        return None
    if value == "":
        return ""
    is_path = isinstance(value, str) and value.startswith("/") and "\0" not in value
    if not is_path or len(value.encode()) > PATH_LIMIT:
        raise _invalid("data", f'an absolute folder of up to {PATH_LIMIT} bytes, or ""', value)
    return str(value)


def _token(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise _invalid("token", "up to 64 letters, digits, - and _", value)
    return value


def _invalid(field: str, expected: str, got: object) -> InputError:
    return InputError(f"{field}: expected {expected}, got {str(got)[:80]!r}.")
