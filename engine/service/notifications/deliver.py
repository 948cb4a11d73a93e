"""The process that delivers one notification: runs the user's command and sends it to the user's address.

It reads {"command": [...], "url": "...", "notification": {...}} from its standard input and writes a list of
what failed, a line each, to its standard output. Neither line holds the path of the address or an argument of
the command: these may be secrets.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

URL_SECONDS = 5.0
TRIES = 2
COMMAND_SECONDS = 60.0
SHOWN = 200
"""characters of a message of the command"""


def main() -> None:
    request = json.load(sys.stdin)
    notification = request["notification"]
    problems = [
        run_command(request["command"], notification) if request["command"] else "",
        post(request["url"], notification) if request["url"] else "",
    ]
    json.dump([problem for problem in problems if problem], sys.stdout)


def run_command(command: Sequence[str], notification: Mapping[str, Any]) -> str:
    """Run it in a group of its own, ended after COMMAND_SECONDS. Returns what failed, else an empty text."""
    program = os.path.basename(command[0])
    environ = {**os.environ, **{f"DLTUI_{name.upper()}": str(value) for name, value in notification.items()}}
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe, env=environ, cwd="/",
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return f"{program} cannot be started: {error.strerror or error}."
    try:
        _, said = process.communicate(json.dumps(notification).encode(), timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return f"{program} was ended after {COMMAND_SECONDS:.0f} s."
    if process.returncode == 0:
        return ""
    last = said.decode(errors="replace").strip().splitlines()[-1:] or [""]
    return f"{program} left with exit code {process.returncode}: {last[0][:SHOWN]}".removesuffix(": ") + "."


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *given: Any) -> None:
        return None


def post(url: str, notification: Mapping[str, Any]) -> str:
    """Send it, once more where no answer or an error of the server comes. Returns what failed, else ""."""
    body = {**notification, "content": f"{notification['title']}\n{notification['text']}".strip()}
    body |= {"text": body["content"], "details": notification["text"]}  # chat programs show text or content
    problem = ""
    for _ in range(TRIES):
        problem, is_final = _within_seconds(url, json.dumps(body).encode())
        if not problem or is_final:
            break
    return problem


def _within_seconds(url: str, body: bytes) -> tuple[str, bool]:
    """What failed, and whether another try is useless; a server that answers in drops is left."""
    answers: list[tuple[str, bool]] = []
    sending = threading.Thread(target=lambda: answers.append(_send(url, body)), daemon=True)
    sending.start()
    sending.join(URL_SECONDS + 1)
    return answers[0] if answers else (f"{_place(url)} did not answer within {URL_SECONDS:.0f} s.", False)


def _send(url: str, body: bytes) -> tuple[str, bool]:
    place, parts = _place(url), urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = urllib.request.Request(bare, body, {"Content-Type": "application/json"}, method="POST")
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Authorization", f"Basic {base64.b64encode(user.encode()).decode()}")
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=URL_SECONDS):
            return "", True
    except urllib.error.HTTPError as error:
        return f"{place} answered {error.code}.", error.code < 500
    except TimeoutError:
        return f"{place} did not answer within {URL_SECONDS:.0f} s.", False
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        told = getattr(reason, "strerror", None) or type(reason).__name__
        told = "it did not answer in time" if isinstance(reason, TimeoutError) else told
        return f"{place} cannot be reached: {told}.", False


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"


if __name__ == "__main__":
    main()
