"""One example of every message that app, service and session send each other."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import importlib
import json
import math
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal, Union

from engine import frames, session_protocol
from engine.axes import Axis
from engine.client.client import Client
from engine.errors import EngineError, InputError, error_to_json
from engine.machine_protocol import Finding, Resources
from engine.protocol import (
    STATES,
    TYPES_ELSEWHERE,
    Best,
    Cause,
    CauseKind,
    Done,
    Json,
    LogPart,
    Removal,
    RemovedItem,
    RunSummary,
    SkippedRun,
    Spec,
    summary_to_json,
)
from engine.session_protocol.request import Request, StreamRequest
from engine.sweep_protocol import (
    Prune,
    SweepSpec,
    SweepStatus,
    SweepSummary,
    TrialGroup,
    TrialPage,
    TrialQuery,
    TrialRow,
)
from engine.table_protocol import GroupRow, Query, SweepRow
from engine.typed_json import Array, Number, fields_of, to_json


def example(kind: Any, name: str = "text") -> Any:
    """A value of a type; of a dataclass one that has every field."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return {"any": [1, None]}
    if origin is Annotated:
        if kind == Array:
            return [[0.5, 1], [2, 3]]
        return math.inf if kind == Number else example(parts[0], name)
    if origin in (Union, types.UnionType):
        return example(next(part for part in parts if part is not type(None)), name)
    if origin is Literal:
        return parts[-1]
    if origin is tuple:
        return tuple(example(part, name) for part in parts if part is not ...)
    if origin in (list, Sequence):
        return [example(parts[0], name)]
    if origin in (dict, Mapping):
        return {f"a {name}": example(parts[1], name)}
    if dataclasses.is_dataclass(kind):
        return example_of(kind)
    if issubclass(kind, Enum):
        return list(kind)[-1]
    return {bool: True, int: 7, float: 1.0, str: f"{name} ü"}[kind]


def example_of(kind: Any, **given: Any) -> Any:
    later = {name: getattr(importlib.import_module(module), name) for name, module in TYPES_ELSEWHERE.items()}
    hints = typing.get_type_hints(kind, localns=later, include_extras=True)
    values = {
        field.name: example(hints[field.name], field.name)
        for field in dataclasses.fields(kind)
        if field.init and field.name not in given
    }
    return kind(**values | given)


def session_messages() -> Iterator[tuple[str, bytes]]:
    """(name, frame) of every request to a session and of every kind of its answer."""
    for kind in sorted(_requests(), key=lambda kind: kind.__qualname__):
        request = example_of(kind)
        message = {"id": 1, "ask": kind.METHOD, "facts": fields_of(request), "newest": ""}
        yield kind.__name__, frames.encode(message)
        for answer in _answers(kind):
            yield f"{kind.__name__} {answer.__name__}", frames.encode({"id": 1, "answer": example_of(answer)})


def _requests() -> set[Any]:
    return {
        value
        for found in pkgutil.iter_modules(session_protocol.__path__, f"{session_protocol.__name__}.")
        for value in vars(importlib.import_module(found.name)).values()
        if isinstance(value, type) and issubclass(value, Request | StreamRequest) and hasattr(value, "METHOD")
    }


def _answers(request: Any) -> tuple[Any, ...]:
    [answer] = typing.get_args(request.__orig_bases__[0])
    return typing.get_args(answer) or (answer,)


SPEC = example_of(Spec, unknown={"a field of later": [1]})
SWEEP_SPEC = example_of(
    SweepSpec, axes=(Axis("lr", (0.1, None)), Axis("hidden", None, 1.0, 8.0, True)), unknown={"later": 1}
)
RUN = example_of(
    RunSummary, spec=SPEC, metrics={"loss": math.nan, "val": 1.0}, best=Best("loss", math.inf, 3)
)
ROW = example_of(TrialRow, metrics={"loss": -math.inf})


def runs() -> Iterator[RunSummary]:
    """A run in every state, and one without anything that is optional."""
    for kind in STATES.values():
        yield dataclasses.replace(RUN, state=example_of(kind))
    least = Spec("i", "xor", {}, 1, "n", "torch", 1, "cpu", 0.5)
    yield RunSummary(least, Done(1.5, Cause(CauseKind.PRUNED, "why")))


def service_answers() -> Iterator[tuple[str, bytes]]:
    """(name, frame) of what the service sends, by the name of the request."""
    removal = Removal(3, 1.5, 60.0, (example_of(RemovedItem),))
    sweep = SweepSummary(SWEEP_SPEC, SweepStatus.PAUSED, 9, {"done": 2}, ROW, "why", 2.5)
    plain_sweep = SweepSummary(dataclasses.replace(SWEEP_SPEC, unknown={}), SweepStatus.DONE, 0, {})
    groups = (TrialGroup({"lr": 0.1}, 2, 1, 0.5, None, ROW), TrialGroup({"lr": None}, 1, 0, None, None, None))
    rows = example_of(SweepRow, best=math.nan), SweepRow(0, "s", "xor", 1, {"done": 1}, 2.5)
    answers: Json = {f"run {run.status} {run.spec.name}": {"run": summary_to_json(run)} for run in runs()} | {
        "runs": {"sweeps": [to_json(row) for row in rows]},
        "runs in groups": {"groups": [to_json(example_of(GroupRow, newest=None))]},
        "remove": {"removal": to_json(removal), "left_out": [to_json(example_of(SkippedRun))]},
        "log": to_json(example_of(LogPart)),
        "resources": {"resources": to_json(example_of(Resources))},
        "doctor": {"findings": [to_json(example_of(Finding))]},
        "sweeps": {"sweeps": [to_json(sweep), to_json(plain_sweep)]},
        "sweep_trials": to_json(TrialPage((ROW,), groups, 2, 3)),
        "error": {"error": error_to_json(InputError("Wrong.", "Mend it."))},
    }
    for name, answer in answers.items():
        yield f"service {name}", frames.encode({"id": 1, **answer})


class SentRequests:
    """The other end of a connection: keeps the frames that are written to it, and answers none."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)

    async def drain(self) -> None:
        raise ConnectionResetError

    def close(self) -> None: ...

    async def wait_closed(self) -> None: ...


async def client_requests() -> list[tuple[str, bytes]]:
    """(name, frame) of every request of a client. The token of a submission is random."""
    sent = SentRequests()
    client = Client(asyncio.StreamReader(), sent, {})  # type: ignore[arg-type]
    calls = (
        client.submit("xor", {"lr": 0.1, "steps": None}, seed=2, name="n", device="cpu", data="/sets"),
        client.show("r"), client.pause("r"), client.resume("r", "fast"), client.stop("r"),
        client.set("r", "lr", None), client.remove("r", "s", now=True), client.undo("r"),
        client.delete_removed(), client.removals(), client.applicable("stop", ["r"], "lr<1"),
        client.runs(example_of(Query)), client.log("r"), client.resources(), client.data_now("r"),
        client.verify("r"), client.reindex(), client.engine(), client.ping(), client.shutdown(),
        client.sweep_submit("xor", ["lr=0.1,1"], {"hidden": 2}, seeds=(1, 2), trials=4, data=""),
        client.sweep_submit("xor", [], prune=example_of(Prune), data=""),
        client.sweeps(), client.sweep_show("s"), client.sweep_edit("s", "pin", trial=3, on=True),
        client.sweep_remove("s", runs=True), client.sweep_trials("s", example_of(TrialQuery)),
        client.sweep_trials("s"), client.sweep_analysis("s", "heat", "lr<1", x="lr", y="hidden"),
        anext(client.events("r", 7)), anext(client.watch()),
        client.annotate("r", name="n", add=["a"], remove=["b"], note="two\nlines", before=""),
        client.runs_analysis("heat", "lr<1", ["r"], "loss", x="lr", y="hidden"),
    )  # fmt: skip
    for call in calls:
        with contextlib.suppress(EngineError):
            await call
    await client.aclose()
    return [
        (f"request {json.loads(frame[4:])['ask']} {number}", frame)
        for number, frame in enumerate(sent.frames)
    ]


def messages() -> dict[str, str]:
    """The JSON text of one frame of every kind, by name."""
    found = [*asyncio.run(client_requests()), *service_answers(), *session_messages()]
    return {name: frame[4:].decode() for name, frame in found}
