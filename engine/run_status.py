"""The state of a run, from the files of its folder."""

from __future__ import annotations

import time

from engine.protocol import (
    Done,
    Failed,
    Imported,
    Lost,
    Paused,
    Pausing,
    Queued,
    Running,
    State,
    Status,
    Stopped,
    Stopping,
)  # fmt: skip
from engine.store import ExitFacts, KeeperFacts, Wanted

_ENDS: dict[Status, type[Paused | Done | Stopped | Failed | Lost | Imported]] = {
    Status.PAUSED: Paused,
    Status.DONE: Done,
    Status.STOPPED: Stopped,
    Status.FAILED: Failed,
    Status.LOST: Lost,
    Status.IMPORTED: Imported,
}


def state_of(
    wanted: Wanted, keeper: KeeperFacts | None, ended: ExitFacts | None, why: str = ""
) -> State | None:
    """The state by the three files; `why` is the reason for which a queued run waits.

    None where the keeper's process has ended without writing an exit: the caller has to find out how.
    """
    attempt = max(wanted.attempt, keeper.attempt if keeper else 0)
    if ended is not None and ended.attempt >= attempt:
        return _ENDS[ended.status](at=ended.at, cause=ended.cause)
    if keeper is None or keeper.attempt < attempt:
        return Queued(why or "waits for its turn")
    if not keeper.identity.is_alive():
        return None
    if keeper.asked == "pause":
        return Pausing(keeper.asked_at or time.time())
    if keeper.asked == "stop":
        return Stopping(keeper.asked_at or time.time())
    return Running(keeper.started_at)
