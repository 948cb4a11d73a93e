"""The wire from the keeper: words for a training loop that must never wait for them."""

from __future__ import annotations

import json
import os
from collections.abc import MutableMapping
from dataclasses import dataclass

from engine.protocol import Json

LINE_LIMIT = 64 * 1024
"""bytes of a word; more without an end of line is noise"""


class KeeperPipe:
    """The read end of a pipe whose write end only the keeper holds: its end of file means the keeper died."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        self._torn = b""
        self.is_cut = False
        if fd is not None:
            os.set_blocking(fd, False)

    def words(self) -> list[Json]:
        """What has come since the last call; never waits."""
        lines: list[bytes] = []
        while data := self._read():
            *whole, self._torn = (self._torn + data).split(b"\n")
            lines += whole
            if len(self._torn) > LINE_LIMIT:
                self._torn = b""
        return [word for word in map(_parse, lines) if word is not None]

    def _read(self) -> bytes:
        if self._fd is None or self.is_cut:
            return b""
        try:
            data = os.read(self._fd, LINE_LIMIT)
        except BlockingIOError:
            return b""
        self.is_cut = not data
        return data


@dataclass(frozen=True, slots=True)
class Strings:
    """The three descriptors that tie a worker to its keeper; None where a worker runs by itself."""

    wire: int | None
    last_words: int | None
    lock: int | None


def take(environ: MutableMapping[str, str]) -> Strings:
    """Take them out of the environment, so that nothing this process starts can hold on to them."""
    found = {name: environ.pop(name, "") for name in ("DLTUI_WIRE", "DLTUI_LAST_WORDS", "DLTUI_LOCK")}
    fds = [int(text) if text.isdecimal() else None for text in found.values()]
    for fd in fds:
        if fd is not None:
            os.set_inheritable(fd, False)
    return Strings(*fds)


def say(fd: int | None, words: Json) -> None:
    """The last words, in one write. Whoever listened may be gone."""
    if fd is None:
        return
    try:
        os.write(fd, json.dumps(words).encode() + b"\n")
    except OSError:
        pass  # the keeper is gone; the `ended` event tells the same


def _parse(line: bytes) -> Json | None:
    """None for what is no word."""
    try:
        word = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return word if isinstance(word, dict) and isinstance(word.get("word"), str) else None
