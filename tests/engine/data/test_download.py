"""The downloader against mirrors that stall, truncate and lie: nothing unchecked ever gets the name."""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import os
import resource
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.data.download import Timeouts, fetch
from engine.data.published_files import PublishedFile
from engine.errors import DataError
from tests.engine.data import mirror_server as behaviours
from tests.engine.data.mirror_server import Behaviour, Mirror, run_mirror

CONTENT = np.random.default_rng(3).bytes(200_000)
FILE = PublishedFile("some.gz", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "")
QUICK = Timeouts(answer=1.0, answers=2.0, silence=1.0, slowest=1e5, lock=60)
CALM = Timeouts(answer=60.0, answers=120.0, silence=60.0, slowest=1.0, lock=60)
HALF = len(CONTENT) // 2

Start = Callable[[Behaviour], Mirror]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda behaviour: stack.enter_context(run_mirror({FILE.name: CONTENT}, behaviour))


def get(folder: Path, *mirrors: Mirror, file: PublishedFile = FILE, timeouts: Timeouts = CALM) -> Path:
    return fetch(file, [mirror.url for mirror in mirrors], folder, timeouts=timeouts)


def is_clean(folder: Path) -> bool:
    """The file and its lock, nothing else."""
    return sorted(os.listdir(folder)) == ["some.gz", "some.gz.lock"]


def test_a_good_mirror_is_enough_and_private_files_result(tmp_path: Path, start: Start) -> None:
    path = get(tmp_path / "cache" / "mnist", start(behaviours.serves))
    assert path == tmp_path / "cache" / "mnist" / "some.gz"
    assert path.read_bytes() == CONTENT and is_clean(path.parent)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_progress_begins_at_nothing_only_rises_and_ends_at_the_size(tmp_path: Path, start: Start) -> None:
    seen: list[tuple[int, int]] = []
    fetch(FILE, [start(behaviours.serves).url], tmp_path, progress=lambda *at: seen.append(at), timeouts=CALM)
    assert seen[0] == (0, FILE.size) and seen[-1] == (FILE.size, FILE.size)
    assert seen == sorted(seen)


def test_a_file_that_is_there_and_right_costs_no_request(tmp_path: Path, start: Start) -> None:
    mirror = start(behaviours.serves)
    get(tmp_path, mirror)
    get(tmp_path, mirror)
    assert len(mirror.visits) == 1


def test_a_damaged_copy_is_fetched_again(tmp_path: Path, start: Start) -> None:
    (tmp_path / "some.gz").write_bytes(CONTENT[:-1] + b"?")
    assert get(tmp_path, start(behaviours.serves)).read_bytes() == CONTENT


BAD = {
    "404": (behaviours.fails_with(404), "HTTP 404"),
    "500": (behaviours.fails_with(500), "HTTP 500"),
    "416": (behaviours.fails_with(416), "HTTP 416"),
    "stalls": (behaviours.stalls_after(1000), "silent for 1 s after "),
    "stalls at once": (behaviours.stalls_after(0), "silent for 1 s after 0 of 200000 bytes"),
    "never answers": (behaviours.never_answers, "no answer in time"),
    "drips": (behaviours.drips, "too slow"),
    "truncates": (behaviours.cuts_after(0), "stopped after 0 of 200000 bytes"),
    "lies": (behaviours.lies, "wrong bytes, the SHA-256 differs"),
    "another length": (behaviours.has_another_length, "the server announced 5 bytes, expected 200000"),
    "endless": (behaviours.sends_without_end, "more than the expected 200000 bytes"),
    "web page": (behaviours.sends_a_web_page, "a web page, not the file"),
    "wrong range": (behaviours.resumes_elsewhere, "the server sent bytes 1-199999/200000, expected bytes 0-"),
    "no range": (behaviours.resumes_without_saying_where, "HTTP 206 without the file"),
    "circle": (behaviours.goes_in_circles, "HTTP 302: redirect loop"),
    "file:": (behaviours.redirects_to("file:///etc/hostname"), "HTTP 302"),
    "ftp:": (behaviours.redirects_to("ftp://127.0.0.1/x"), "unknown url type: ftp"),
    "nonsense": (behaviours.redirects_to("http://[bad/"), "Invalid IPv6 URL"),
    "no http": (behaviours.talks_no_http, "220 mail ready"),
}
SLOW = ("stalls", "stalls at once", "never answers", "drips")
"""faults that only a timeout detects"""
each_bad_mirror = pytest.mark.parametrize(
    ("behaviour", "words", "timeouts"),
    [(*facts, QUICK if name in SLOW else CALM) for name, facts in BAD.items()],
    ids=BAD,
)


@each_bad_mirror
def test_after_a_bad_mirror_the_next_one_serves(
    tmp_path: Path, start: Start, behaviour: Behaviour, words: str, timeouts: Timeouts
) -> None:
    mirrors = start(behaviour), start(behaviours.serves)
    assert get(tmp_path, *mirrors, timeouts=timeouts).read_bytes() == CONTENT
    assert is_clean(tmp_path)


@each_bad_mirror
def test_a_bad_mirror_alone_is_named_with_its_reason(
    tmp_path: Path, start: Start, behaviour: Behaviour, words: str, timeouts: Timeouts
) -> None:
    mirror = start(behaviour)
    with pytest.raises(DataError) as failed:
        get(tmp_path, mirror, timeouts=timeouts)
    assert f"{mirror.address}: " in failed.value.message and words in failed.value.message
    assert "\n" not in str(failed.value) and "DLTUI_DATA" in failed.value.remedy
    assert not (tmp_path / "some.gz").exists()


def test_when_all_fail_each_is_named_once(tmp_path: Path, start: Start) -> None:
    mirrors = [
        start(behaviour)
        for behaviour in (behaviours.lies, behaviours.fails_with(404), behaviours.sends_a_web_page)
    ]
    with pytest.raises(DataError) as failed:
        get(tmp_path, *mirrors)
    assert all(failed.value.message.count(mirror.address) == 1 for mirror in mirrors)


def test_a_port_nobody_listens_on_is_passed_over(tmp_path: Path, start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        path = fetch(FILE, [dead, start(behaviours.serves).url], tmp_path, timeouts=CALM)
        assert path.read_bytes() == CONTENT
        with pytest.raises(DataError, match="Connection refused"):
            fetch(FILE, [dead], tmp_path / "other", timeouts=CALM)


def test_mirrors_that_never_answer_cost_a_bounded_time_in_all(tmp_path: Path, start: Start) -> None:
    mirrors = [start(behaviours.never_answers) for _ in range(6)]
    with pytest.raises(DataError, match="not tried, nothing answered for 2 s"):
        get(tmp_path, *mirrors, timeouts=QUICK)
    assert sum(len(mirror.visits) for mirror in mirrors) < 4


def test_a_download_cut_in_the_middle_is_resumed_by_the_next_mirror(tmp_path: Path, start: Start) -> None:
    second = start(behaviours.serves)
    assert get(tmp_path, start(behaviours.cuts_after(HALF)), second).read_bytes() == CONTENT
    assert second.ranges == [f"bytes={HALF}-"]


def test_a_download_cut_in_the_middle_is_resumed_by_the_next_process(tmp_path: Path, start: Start) -> None:
    (tmp_path / "some.gz.part").write_bytes(CONTENT[:HALF])
    mirror = start(behaviours.serves)
    assert get(tmp_path, mirror).read_bytes() == CONTENT
    assert mirror.ranges == [f"bytes={HALF}-"]


def test_a_mirror_that_gets_on_by_and_by_is_asked_again(tmp_path: Path, start: Start) -> None:
    mirror = start(behaviours.cuts_after(70_000))
    assert get(tmp_path, mirror).read_bytes() == CONTENT
    assert mirror.ranges == [None, "bytes=70000-", "bytes=140000-"]


def test_a_mirror_that_ignores_ranges_starts_again_from_nothing(tmp_path: Path, start: Start) -> None:
    (tmp_path / "some.gz.part").write_bytes(b"?" * HALF)
    mirror = start(behaviours.ignores_ranges)
    assert get(tmp_path, mirror).read_bytes() == CONTENT
    assert len(mirror.visits) == 1


def test_a_wrong_beginning_is_thrown_away_and_the_honest_mirror_gets_a_second_chance(
    tmp_path: Path, start: Start
) -> None:
    (tmp_path / "some.gz.part").write_bytes(b"?" * HALF)
    mirror = start(behaviours.serves)
    assert get(tmp_path, mirror).read_bytes() == CONTENT
    assert mirror.ranges == [f"bytes={HALF}-", None]


def test_a_liar_that_hangs_up_does_not_spoil_the_honest_mirror(tmp_path: Path, start: Start) -> None:
    assert get(tmp_path, start(behaviours.lies_and_cuts), start(behaviours.serves)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "left", [CONTENT, b"?" * len(CONTENT), CONTENT + b"?"], ids=["whole", "wrong", "long"]
)
def test_a_part_as_long_as_the_file_is_judged_before_anything_is_asked(
    tmp_path: Path, start: Start, left: bytes
) -> None:
    (tmp_path / "some.gz.part").write_bytes(left)
    mirror = start(behaviours.serves)
    assert get(tmp_path, mirror).read_bytes() == CONTENT
    assert mirror.ranges == ([] if left == CONTENT else [None])


def test_a_connection_closed_without_a_length_is_seen_as_cut(tmp_path: Path, start: Start) -> None:
    second = start(behaviours.serves)
    assert get(tmp_path, start(behaviours.cuts_without_a_length), second).read_bytes() == CONTENT
    assert second.ranges == [f"bytes={HALF}-"]


def test_an_ordinary_redirect_is_followed(tmp_path: Path, start: Start) -> None:
    mirror = start(behaviours.redirects_once)
    assert get(tmp_path, mirror).read_bytes() == CONTENT
    assert [path for path, _ in mirror.visits] == ["/set/some.gz", "/moved/some.gz"]


def test_the_proxy_of_the_environment_is_used(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = start(behaviours.serves)
    monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
    fetch(FILE, ["http://mirror.invalid/set/"], tmp_path, timeouts=CALM)
    assert proxy.visits == [("http://mirror.invalid/set/some.gz", None)]


def test_a_name_that_does_not_resolve_is_one_clear_reason(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mirror\.invalid: ") as failed:
        fetch(FILE, ["http://mirror.invalid/"], tmp_path, timeouts=QUICK)
    assert "urlopen error" not in str(failed.value)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, start: Start) -> None:
    (tmp_path / "blocked").write_text("a file in the way")
    with pytest.raises(DataError, match=r"blocked/some\.gz cannot be written") as failed:
        get(tmp_path / "blocked", start(behaviours.serves))
    assert "DLTUI_HOME" in failed.value.remedy


def test_a_write_that_fails_is_not_blamed_on_the_mirror(tmp_path: Path, start: Start) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, hard))
    try:
        with pytest.raises(DataError, match=r"some\.gz cannot be written: File too large"):
            get(tmp_path, start(behaviours.serves))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "some.gz").exists()


def test_a_link_in_place_of_the_part_is_not_written_through(tmp_path: Path, start: Start) -> None:
    (tmp_path / "victim").write_bytes(b"mine")
    (tmp_path / "some.gz.part").symlink_to("victim")
    with pytest.raises(DataError, match="cannot be written"):
        get(tmp_path, start(behaviours.serves))
    assert (tmp_path / "victim").read_bytes() == b"mine"


def test_threads_and_processes_that_download_at_once_take_turns(tmp_path: Path, start: Start) -> None:
    mirror = start(behaviours.serves)
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_fetch, args=(mirror.url, tmp_path)) for _ in range(2)]
    for other in others:
        other.start()
    threads = [threading.Thread(target=_fetch, args=(mirror.url, tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for other in others:
        other.join(60)
    assert [other.exitcode for other in others] == [0, 0]
    assert (tmp_path / "some.gz").read_bytes() == CONTENT and is_clean(tmp_path)
    assert len(mirror.visits) == 1


def test_a_lock_that_is_never_given_up_ends_in_a_clear_line(tmp_path: Path, start: Start) -> None:
    with (tmp_path / "some.gz.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(DataError, match=r"Another process has held .*some\.gz\.lock for 0\.2 s"):
            get(tmp_path, start(behaviours.serves), timeouts=replace(CALM, lock=0.2))


def test_an_interrupted_download_leaves_only_a_part(tmp_path: Path, start: Start) -> None:
    def interrupt(received: int, total: int) -> None:
        if received:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(FILE, [start(behaviours.serves).url], tmp_path, progress=interrupt, timeouts=CALM)
    assert not (tmp_path / "some.gz").exists()
    assert CONTENT.startswith((tmp_path / "some.gz.part").read_bytes())
    assert get(tmp_path, start(behaviours.serves)).read_bytes() == CONTENT


def _fetch(url: str, folder: Path) -> None:
    fetch(FILE, [url], folder, timeouts=CALM)
