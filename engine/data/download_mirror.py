"""One mirror: ask it for what is still missing of a file, and believe nothing it says."""

from __future__ import annotations

import queue
import re
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from io import BufferedRandom
from urllib.error import HTTPError, URLError

from engine.data.published_files import PublishedFile

PIECE = 1 << 16
LONGEST_REASON = 200
AGENT = "dltui (+urllib)"
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")

Progress = Callable[[int, int], None]


class MirrorFailed(Exception):
    """Why this mirror will not do; the next one may."""


class NoAnswer(MirrorFailed):
    """It could not even be reached."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: `answer` for one mirror to begin, `answers` for all that never do, `silence` without a byte,
    `lock` for another download of the same file. `slowest` is in bytes per second, over `silence` seconds.
    """

    answer: float = 4.0
    answers: float = 8.0
    silence: float = 10.0
    slowest: float = 1024.0
    lock: float = 600.0


def transfer(
    url: str, file: PublishedFile, part: BufferedRandom, answer: float, patience: Timeouts, progress: Progress
) -> None:
    """Append to `part` what it lacks of `file`, or start again where the mirror cannot resume.

    Raises MirrorFailed, leaving in `part` what may still be of use; OSError means that `part` itself failed.
    """
    have = part.seek(0, 2)
    with _ask(url, have, answer, patience.silence) as response:
        start = _check_answer(response, have, file)
        part.seek(start)
        part.truncate()
        _copy(response, part, file, patience, progress)


def _ask(url: str, have: int, answer: float, silence: float) -> HTTPResponse:
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    response = _open_within(urllib.request.Request(url, headers=headers), answer, silence)
    if isinstance(response, HTTPError):
        response.close()
        raise MirrorFailed(_say_status(response))
    if isinstance(response, Exception):
        raise NoAnswer(_say(response)) from response
    return response


def _open_within(request: urllib.request.Request, answer: float, silence: float) -> HTTPResponse | Exception:
    """A thread, because looking up a name obeys no timeout; one that comes too late is simply dropped."""
    answers: queue.SimpleQueue[HTTPResponse | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_opener().open(request, timeout=silence))
        except (OSError, HTTPException, ValueError) as error:  # ValueError: a redirect to nonsense
            answers.put(error)

    threading.Thread(target=ask, name="dltui-mirror", daemon=True).start()
    try:
        return answers.get(timeout=answer)
    except queue.Empty:
        return TimeoutError()


def _opener() -> urllib.request.OpenerDirector:
    """urllib's own, with its proxies, less file:, ftp: and data: (a redirect may name them)."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _check_answer(response: HTTPResponse, have: int, file: PublishedFile) -> int:
    """The offset at which the body begins."""
    if response.headers.get_content_type() == "text/html":
        raise MirrorFailed("the server sent a web page, not the file")
    start = _start(response, have, file)
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) != file.size - start:
        raise MirrorFailed(f"the server announced {declared} bytes, expected {file.size - start}")
    return start


def _start(response: HTTPResponse, have: int, file: PublishedFile) -> int:
    if response.status == 200:
        return 0
    given = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status != 206 or given is None:
        raise MirrorFailed(f"HTTP {response.status} without the file")
    if int(given[1]) != have or given[3] not in ("*", str(file.size)):
        raise MirrorFailed(f"the server sent {given[0]}, expected bytes {have}-{file.size - 1}/{file.size}")
    return have


def _copy(
    response: HTTPResponse, part: BufferedRandom, file: PublishedFile, patience: Timeouts, progress: Progress
) -> None:
    received = part.tell()
    window, window_began = received, time.monotonic()
    progress(received, file.size)
    while piece := _read(response, received, file, patience):
        if received + len(piece) > file.size:
            raise MirrorFailed(f"the server sent more than the expected {file.size} bytes")
        part.write(piece)
        received += len(piece)
        progress(received, file.size)
        if (elapsed := time.monotonic() - window_began) > patience.silence:
            if received - window < patience.slowest * elapsed:
                raise MirrorFailed(f"too slow: {received - window} bytes in {elapsed:.1f} s")
            window, window_began = received, time.monotonic()
    if received < file.size:
        raise MirrorFailed(f"the server stopped after {received} of {file.size} bytes")


def _read(response: HTTPResponse, received: int, file: PublishedFile, patience: Timeouts) -> bytes:
    try:
        return response.read1(PIECE)
    except TimeoutError as error:
        raise MirrorFailed(
            f"silent for {patience.silence:g} s after {received} of {file.size} bytes"
        ) from error
    except (OSError, HTTPException) as error:
        raise MirrorFailed(f"{_say(error)} after {received} of {file.size} bytes") from error


def _say_status(error: HTTPError) -> str:
    if 300 <= error.code < 400:
        return f"HTTP {error.code}: redirect loop, or a redirect without a target"
    return _one_line(f"HTTP {error.code} {error.reason}")


def _say(error: Exception) -> str:
    cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, Exception) else error
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    strerror = cause.strerror if isinstance(cause, OSError) else None
    return _one_line(strerror or str(cause) or type(cause).__name__)


def _one_line(words: str) -> str:
    """A mirror may have put anything into them."""
    return " ".join(words.split())[:LONGEST_REASON]
