"""A session whose methods fail on purpose: `python -m tests.fakes.session`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from engine import places
from engine.errors import DltuiError
from engine.protocol import Json
from engine.session.cache import SessionCache
from engine.session.methods import Response
from engine.session.requests import RequestQueue
from engine.session.server import SessionServer

COMMAND = (sys.executable, "-P", "-m", "tests.fakes.misbehaving_session")


def call(session_cache: SessionCache, method: str, facts: Mapping[str, Any]) -> Response:
    if method == "echo":
        return dict(facts)
    if method == "slow":
        time.sleep(float(facts["seconds"]))
        return dict(facts)
    if method == "refuse":
        raise DltuiError("There is no such model.", "Train one.")
    if method == "break":
        raise RuntimeError("secret details")
    if method == "nan":
        return {"value": float("nan")}
    if method == "die":
        os._exit(9)
    if method == "garbage":
        os.write(1, b"")  # standard output is not the wire here
        return {"said": print("noise")}
    return count(int(facts.get("to", 3)))


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
