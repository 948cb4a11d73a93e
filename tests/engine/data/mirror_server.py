"""A mirror on 127.0.0.1 with faults on demand: it stalls, truncates, sends wrong bytes, resumes or does
not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Visit(BaseHTTPRequestHandler):
    """One request; `server` is the Mirror."""

    server: Mirror

    def do_GET(self) -> None:
        self.server.visits.append((self.path, self.headers.get("Range")))
        self.server.behaviour(self)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Quiet."""

    def log_error(self, *args: object) -> None:
        """Quiet."""

    @property
    def content(self) -> bytes:
        return self.server.content[self.path.rsplit("/", 1)[-1]]

    def wanted_start(self) -> int:
        given = self.headers.get("Range")
        return int(given.removeprefix("bytes=").removesuffix("-")) if given else 0

    def answer(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()


Behaviour = Callable[[Visit], None]


class Mirror(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, content: dict[str, bytes], behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.content, self.behaviour = content, behaviour
        self.visits: list[tuple[str, str | None]] = []
        self.closing = threading.Event()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}/set/"

    @property
    def ranges(self) -> list[str | None]:
        return [given for _, given in self.visits]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that disconnects early is not reported."""


@contextmanager
def run_mirror(content: dict[str, bytes], behaviour: Behaviour) -> Iterator[Mirror]:
    mirror = Mirror(content, behaviour)
    thread = threading.Thread(target=mirror.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield mirror
    finally:
        mirror.closing.set()
        mirror.shutdown()
        mirror.server_close()
        thread.join()


def serves(visit: Visit) -> None:
    """A correct mirror, ranges included."""
    start, size = visit.wanted_start(), len(visit.content)
    if start:
        visit.answer(206, Content_Length=size - start, Content_Range=f"bytes {start}-{size - 1}/{size}")
    else:
        visit.answer(200, Content_Length=size, Content_Type="application/gzip")
    visit.wfile.write(visit.content[start:])


def ignores_ranges(visit: Visit) -> None:
    visit.answer(200, Content_Length=len(visit.content))
    visit.wfile.write(visit.content)


def cuts_after(count: int) -> Behaviour:
    """Announces all of the rest, sends `count` bytes of it, hangs up."""

    def behaviour(visit: Visit) -> None:
        start, size = visit.wanted_start(), len(visit.content)
        if start:
            visit.answer(206, Content_Length=size - start, Content_Range=f"bytes {start}-{size - 1}/{size}")
        else:
            visit.answer(200, Content_Length=size)
        visit.wfile.write(visit.content[start : start + count])

    return behaviour


def cuts_without_a_length(visit: Visit) -> None:
    visit.answer(200)
    visit.wfile.write(visit.content[: len(visit.content) // 2])


def stalls_after(count: int) -> Behaviour:
    def behaviour(visit: Visit) -> None:
        cuts_after(count)(visit)
        visit.wfile.flush()
        visit.server.closing.wait(20)

    return behaviour


def never_answers(visit: Visit) -> None:
    visit.server.closing.wait(20)


def drips(visit: Visit) -> None:
    """A byte now and then: never silent, never done."""
    visit.answer(200, Content_Length=len(visit.content))
    for byte in visit.content:
        visit.wfile.write(bytes([byte]))
        visit.wfile.flush()
        if visit.server.closing.wait(0.02):
            return


def lies(visit: Visit) -> None:
    """The right length, wrong bytes."""
    visit.answer(200, Content_Length=len(visit.content))
    visit.wfile.write(bytes(255 - byte for byte in visit.content))


def lies_and_cuts(visit: Visit) -> None:
    visit.answer(200, Content_Length=len(visit.content))
    visit.wfile.write(bytes(len(visit.content) // 2))


def has_another_length(visit: Visit) -> None:
    visit.answer(200, Content_Length=5)
    visit.wfile.write(b"short")


def sends_without_end(visit: Visit) -> None:
    visit.answer(200)
    while not visit.server.closing.is_set():
        visit.wfile.write(bytes(1 << 16))


def sends_a_web_page(visit: Visit) -> None:
    page = b"<html>Please log in</html>".ljust(len(visit.content))
    visit.answer(200, Content_Length=len(page), Content_Type="text/html; charset=utf-8")
    visit.wfile.write(page)


def resumes_elsewhere(visit: Visit) -> None:
    size = len(visit.content)
    visit.answer(206, Content_Length=size - 1, Content_Range=f"bytes 1-{size - 1}/{size}")
    visit.wfile.write(visit.content[1:])


def resumes_without_saying_where(visit: Visit) -> None:
    visit.answer(206, Content_Length=len(visit.content))
    visit.wfile.write(visit.content)


def goes_in_circles(visit: Visit) -> None:
    visit.answer(302, Location=visit.path, Content_Length=0)


def redirects_to(target: str) -> Behaviour:
    def behaviour(visit: Visit) -> None:
        visit.answer(302, Location=target, Content_Length=0)

    return behaviour


def redirects_once(visit: Visit) -> None:
    if visit.path.startswith("/set/"):
        visit.answer(302, Location=visit.path.replace("/set/", "/moved/"), Content_Length=0)
    else:
        serves(visit)


def talks_no_http(visit: Visit) -> None:
    visit.wfile.write(b"220 mail ready\r\n")


def fails_with(status: int) -> Behaviour:
    def behaviour(visit: Visit) -> None:
        visit.send_error(status)

    return behaviour
