"""A session whose methods fail on purpose: `python -m tests.fakes.misbehaving_session`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine import places
from engine.errors import DltuiError
from engine.protocol import Json
from engine.session.cache import SessionCache
from engine.session.methods import Response
from engine.session.server import RequestQueue, SessionServer
from engine.session_protocol.request import Request, StreamRequest

COMMAND = (sys.executable, "-P", "-m", "tests.fakes.misbehaving_session")


@dataclass(frozen=True)
class EchoRequest(Request[Json]):
    METHOD = "echo"

    text: str = ""
    seconds: float = 0.0
    """to wait before the answer"""


@dataclass(frozen=True)
class MisbehaveRequest(Request[Json]):
    METHOD = "misbehave"

    how: str


@dataclass(frozen=True)
class CountRequest(StreamRequest[Json]):
    METHOD = "count"

    to: int


def call(session_cache: SessionCache, method: str, facts: Mapping[str, Any]) -> Response:
    if method == "echo":
        time.sleep(float(facts["seconds"]))
        return {"text": facts["text"]}
    if method == "count":
        return count(int(facts["to"]))
    how = facts["how"]
    if how == "refuse":
        raise DltuiError("There is no such model.", "Train one.")
    if how == "break":
        raise RuntimeError("secret details")
    if how == "nan":
        return {"value": float("nan")}
    if how == "die":
        os._exit(9)
    os.write(1, b"")  # standard output is not the wire here
    return {"said": print("noise")}


def count(to: int) -> Iterator[Json]:
    for number in range(to):
        yield {"number": number}
    if to == 13:
        raise DltuiError("Thirteen is refused.", "Count to twelve.")


def main() -> int:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    SessionServer(SessionCache(places.home()), RequestQueue(sys.stdin.buffer), out, call).serve()
    return 0


if __name__ == "__main__":
    os._exit(main())
