"""The course: what is due, replay, a mark and the next card, search, an aid, and the check of all texts.

python -m tests.bench.bench_learn

Processor time; the steps of a session in its own process, without the pipe.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from engine.course.check import check
from engine.course.days import start_of
from engine.course.deck import read_deck
from engine.course.due import log_path, replay_all
from engine.course.library import read_library
from engine.course.log import new_entry, to_line
from engine.course.schedule import review
from engine.places import Places
from engine.session.cache import SessionCache
from tests.bench.processor import print_processor
from tests.engine.session.requests import request

MARKS = 10_000
BARS = {
    "dltui learn due, 10,000 marks": 0.12,
    "replay of 10,000 marks": 1.0,
    "mark to next card, 10,000 marks": 0.05,
    "search": 0.05,
    "lecture": 0.05,
    "key in an aid": 0.05,
    "check of the course": 20.0,
}
"""seconds"""


def write_log(learn: Path, marks: int = MARKS) -> None:
    """Years of marks of all items of the course, the newest yesterday."""
    items = [(name, one.rev) for name, one in read_library(learn).index().items()]
    cards, lines, today = {}, [], date.today() - timedelta(days=1 + marks // 30)
    for number in range(marks):
        item, rev = items[number % len(items)]
        day = today + timedelta(days=number // 30)
        before, rating = cards.get(item), 1 if number % 7 == 0 else 3
        after = cards[item] = review(before, item, rev, rating, day)
        lines.append(
            new_entry(
                "mark", start_of(day) + 3600 + number % 30, item=item, rev=rev, seed=number, drawn={},
                answer=1, key=1, rating=rating, right=rating > 1, ms=8000,
                before=before.to_json() if before else None, after=after.to_json(),
            )
        )  # fmt: skip
    learn.mkdir(mode=0o700, parents=True)
    log_path(learn).write_bytes(b"".join(map(to_line, lines)))


def due_seconds(home: Path) -> float:
    """Processor time of the verb, the least of seven."""
    environ = {**os.environ, "DLTUI_HOME": str(home)}
    found = []
    for _ in range(7):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "tui", "learn", "due"], env=environ, check=True, capture_output=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def timed(step: Callable[[], object], times: int = 9) -> float:
    """Median of wall seconds: the log waits for the disk."""
    found = []
    for _ in range(times):
        started = time.monotonic()
        step()
        found.append(time.monotonic() - started)
    return statistics.median(found)


def mark_seconds(session_cache: SessionCache, item: str) -> float:
    """From the mark of a recall to the question that comes next; the line of the mark is on disk."""
    started = time.monotonic()
    request(session_cache, "learn.mark", item=item, answer=3)
    following = request(session_cache, "learn.due", more=100)["due"][0]
    request(session_cache, "learn.item", item=following)
    return time.monotonic() - started


def main() -> int:
    print_processor()
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        write_log(home / "learn")
        found["dltui learn due, 10,000 marks"] = due_seconds(home)
        started = time.process_time()
        replay_all(home / "learn")
        found["replay of 10,000 marks"] = time.process_time() - started
        cache = SessionCache(Places(home))
        request(cache, "learn.seen", places=["aid:gate_lab"])
        due = request(cache, "learn.due", more=100)["due"]
        recalls = [name for name in due if name.endswith(".recall")]
        found["mark to next card, 10,000 marks"] = statistics.median(
            mark_seconds(cache, item) for item in recalls[:9]
        )
        found["search"] = timed(lambda: request(cache, "learn.search", text="gradient"))
        found["lecture"] = timed(lambda: request(cache, "learn.lecture", lecture="l02"))
        found["key in an aid"] = timed(
            lambda: request(cache, "learn.aid", name="gate_lab", params={"w1": time.monotonic() % 1})
        )
    started = time.process_time()
    assert check(read_deck()).ok
    found["check of the course"] = time.process_time() - started
    for name, seconds in found.items():
        met = "" if seconds <= BARS[name] else f"   more than {BARS[name]:g} s"
        print(f"{name:36} {seconds:8.3f} s{met}", flush=True)
    return int(any(seconds > BARS[name] for name, seconds in found.items()))


if __name__ == "__main__":
    sys.exit(main())
