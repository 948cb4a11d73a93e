"""`python -m engine.exec.follow_logs SINCE BEGUN WRITTEN KIND:PATH...`: send a command's logs to its worker.

It connects to the socket of dltui_track, as a process of the command would, and ends when stdin does, after
all is sent. Two times in seconds since 1970: this attempt was started at SINCE, the first one at BEGUN. What
was logged before them is left out. A PATH is a folder or a file, see `log_places`; into the first WRITTEN of
them the command has written already.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from engine.exec.log_messages import Message
from engine.exec.log_places import LogPlace, is_written
from engine.exec.script_environment import TRACK_SOCKET

POLL_SECONDS = 0.5


class LogFollower(Protocol):
    def messages(self, is_last: bool) -> Iterator[Message]:
        """What was added since the last call; nothing is added after the last one."""


def _tensorboard(path: Path, since: float, begun: float) -> LogFollower:
    from engine.exec.follow_tensorboard import TensorBoardFollower  # protobuf, for those who need it

    return TensorBoardFollower(path, since)


def _mlflow(path: Path, since: float, begun: float) -> LogFollower:
    from engine.exec.follow_mlflow import MlflowFollower  # SQLite, as well

    return MlflowFollower(path, since, begun)


def _wandb(path: Path, since: float, begun: float) -> LogFollower:
    from engine.exec.follow_wandb import WandbFollower  # protobuf, as well

    return WandbFollower(path, since)


FOLLOWERS: Mapping[str, Callable[[Path, float, float], LogFollower]] = {
    "tensorboard": _tensorboard,
    "mlflow": _mlflow,
    "wandb": _wandb,
}
"""by the kind of a `LogPlace`"""


def main(arguments: list[str]) -> int:
    os.nice(5)
    since, begun, written = float(arguments[0]), float(arguments[1]), int(arguments[2])
    places = [LogPlace(kind, Path(path)) for kind, _, path in (one.partition(":") for one in arguments[3:])]
    removed = [place for place in places[:written] if not is_written(place, since)]
    followers = [FOLLOWERS[kind](path, since, begun) for kind, path in places]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(TRACK_SOCKET)  # the working folder is that of the run
    is_over, wait = False, 0.0
    try:
        for _, path in removed:
            _send(connection, {"note": f"{path}: what was logged there is lost: removed before it was read."})
        while not is_over:
            is_over = bool(select.select([0], [], [], wait)[0])
            _send_added(connection, followers, is_over)
            wait = POLL_SECONDS
    except ConnectionError:
        return 1  # the worker has ended
    connection.close()
    return 0


def _send_added(connection: socket.socket, followers: list[LogFollower], is_last: bool) -> None:
    """A follower that fails is dropped, with a note. Raises ConnectionError."""
    for follower in tuple(followers):
        try:
            for message in follower.messages(is_last):
                _send(connection, message)
        except ConnectionError:
            raise
        except Exception as error:
            followers.remove(follower)
            _send(
                connection, {"note": f"A log that the command writes is not read any more: {error!r}"[:400]}
            )


def _send(connection: socket.socket, message: Message) -> None:
    connection.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
