"""The Sweep tab over a real engine and real trials, by keys."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.end_to_end.home import Home
from tests.end_to_end.terminal import Terminal


def sweep(home: Home) -> dict[str, object]:
    return dict(json.loads(home.dltui("sweep", "show", "@last", "--json")))


def first_trial(text: str) -> int:
    """The number in the first line of the table."""
    lines = text.splitlines()
    head = next((place for place, line in enumerate(lines) if "best loss" in line), len(lines))
    words = lines[head + 1].split() if head + 1 < len(lines) else []
    return int(words[0]) if words and words[0].isdecimal() else 0


@pytest.mark.long
def test_a_sweep_is_set_up_left_found_again_pinned_and_written_to_a_file(home: Home, tmp_path: Path) -> None:
    home.start("counter", name="alpha", steps=3)
    with Terminal(home.full_environ()) as first:
        first.shows("alpha")
        first.write(b"3")
        first.shows("A sweep trains one experiment many times")
        first.write(b"n")
        first.shows("sweep an experiment")
        first.press(*["down"] * 40, *["up"] * 8)  # the first of the nine fakes
        first.press("enter")
        first.shows("sweep counter")
        first.press("ctrl+u")
        first.write(b"20,40")
        first.press("tab", "tab", "ctrl+u")
        first.write(b"1,2,3")
        first.shows("6 trials")
        first.press("enter")
        first.shows("trials")
        home.until(lambda: sweep(home)["planned"] == 6, "the sweep")
        first.write(b"\x11")
        assert first.wait() == 0
    home.until(lambda: sweep(home)["status"] == "done", "all trials")
    path = tmp_path / "trials.csv"
    with Terminal(home.full_environ()) as again:
        again.shows("6 of 6")
        again.write(b"o")
        best = dict(sweep(home)["best"])["trial"]  # type: ignore[call-overload]
        again.until(lambda: first_trial(again.text) == best, "the best first")
        again.write(b"g")
        again.write(b"v")
        again.shows("is pinned")
        again.write(b"S")
        again.shows("write 6 trials")
        again.press("ctrl+u")
        again.write(str(path).encode())
        again.press("enter")
        home.until(path.exists, "the file")
        again.write(b"\x11")
        assert again.wait() == 0
    rows = list(csv.DictReader(path.open()))
    assert {(row["steps"], row["pace"]) for row in rows} == {
        (steps, pace) for steps in ("20", "40") for pace in ("1.0", "2.0", "3.0")
    }
    assert [row["pinned"] for row in rows].count("True") == 1
    assert min(rows, key=lambda row: float(row["value"]))["pinned"] == "True"
