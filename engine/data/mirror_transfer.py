"""Transfer of the missing part of a file from one mirror; its response is checked, never trusted."""

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
    """The transfer from this mirror failed; the message says why."""


class NoResponse(MirrorFailed):
    """The mirror could not be reached."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: `answer` until one mirror responds, `answers` for all that never do, `silence` without a byte,
    `lock` for another download of the same file. `slowest` is in bytes per second, over `silence` seconds.
    """

    answer: float = 4.0
    answers: float = 8.0
    silence: float = 10.0
    slowest: float = 1024.0
    lock: float = 600.0


def transfer(
    url: str, file: PublishedFile, part: BufferedRandom, answer: float, timeouts: Timeouts, progress: Progress
) -> None:
    """Append the missing bytes of `file` to `part`, or start again if the mirror cannot resume.

    Raises MirrorFailed and keeps received bytes in `part` for a resume; OSError means that `part` itself
    failed.
    """
    have = part.seek(0, 2)
    with _request(url, have, answer, timeouts.silence) as response:
        start = _check_response(response, have, file)
        part.seek(start)
        part.truncate()
        _copy(response, part, file, timeouts, progress)


def _request(url: str, have: int, answer: float, silence: float) -> HTTPResponse:
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    response = _open_within(urllib.request.Request(url, headers=headers), answer, silence)
    if isinstance(response, HTTPError):
        response.close()
        raise MirrorFailed(_describe_status(response))
    if isinstance(response, Exception):
        raise NoResponse(_describe_error(response)) from response
    return response


def _open_within(request: urllib.request.Request, answer: float, silence: float) -> HTTPResponse | Exception:
    """Open in a thread, because name resolution has no timeout; a late response is dropped."""
    answers: queue.SimpleQueue[HTTPResponse | Exception] = queue.SimpleQueue()

    def send() -> None:
        try:
            answers.put(_opener().open(request, timeout=silence))
        except (OSError, HTTPException, ValueError) as error:  # ValueError: a redirect to an invalid address
            answers.put(error)

    threading.Thread(target=send, name="dltui-mirror", daemon=True).start()
    try:
        return answers.get(timeout=answer)
    except queue.Empty:
        return TimeoutError()


def _opener() -> urllib.request.OpenerDirector:
    """urllib's handlers with proxies, but without file:, ftp: and data:, which a redirect might name."""
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


def _check_response(response: HTTPResponse, have: int, file: PublishedFile) -> int:
    """The offset in the file at which the body begins. Raises MirrorFailed."""
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
    response: HTTPResponse, part: BufferedRandom, file: PublishedFile, timeouts: Timeouts, progress: Progress
) -> None:
    received = part.tell()
    window, window_began = received, time.monotonic()
    progress(received, file.size)
    while piece := _read(response, received, file, timeouts):
        if received + len(piece) > file.size:
            raise MirrorFailed(f"the server sent more than the expected {file.size} bytes")
        part.write(piece)
        received += len(piece)
        progress(received, file.size)
        if (elapsed := time.monotonic() - window_began) > timeouts.silence:
            if received - window < timeouts.slowest * elapsed:
                raise MirrorFailed(f"too slow: {received - window} bytes in {elapsed:.1f} s")
            window, window_began = received, time.monotonic()
    if received < file.size:
        raise MirrorFailed(f"the server stopped after {received} of {file.size} bytes")


def _read(response: HTTPResponse, received: int, file: PublishedFile, timeouts: Timeouts) -> bytes:
    try:
        return response.read1(PIECE)
    except TimeoutError as error:
        raise MirrorFailed(
            f"silent for {timeouts.silence:g} s after {received} of {file.size} bytes"
        ) from error
    except (OSError, HTTPException) as error:
        raise MirrorFailed(f"{_describe_error(error)} after {received} of {file.size} bytes") from error


def _describe_status(error: HTTPError) -> str:
    if 300 <= error.code < 400:
        return f"HTTP {error.code}: redirect loop, or a redirect without a target"
    return _one_line(f"HTTP {error.code} {error.reason}")


def _describe_error(error: Exception) -> str:
    cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, Exception) else error
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    strerror = cause.strerror if isinstance(cause, OSError) else None
    return _one_line(strerror or str(cause) or type(cause).__name__)


def _one_line(text: str) -> str:
    """Text from a mirror, limited to one line of LONGEST_REASON characters."""
    return " ".join(text.split())[:LONGEST_REASON]
