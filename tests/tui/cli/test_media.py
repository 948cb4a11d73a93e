"""`dltui media`, as its user calls it: a list, one of each kind, a file, and one line for the rest."""

from __future__ import annotations

import json
from pathlib import Path

from engine.events import EventWriter
from engine.logged_media import MediaWriter
from engine.worker import png
from tests.end_to_end.home import Home
from tests.end_to_end.hostile_run import write_hostile_run

IMAGE = png.encode_grey([b"\0\xff", b"\xff\0"])


def test_what_a_run_logged_is_listed_printed_and_written_to_a_file(home: Home, tmp_path: Path) -> None:
    run = write_hostile_run(home.places, 1, "logged", "x")
    folder = home.places.runs / run
    events = EventWriter(folder / "events.jsonl")
    writer = MediaWriter(folder, events.append, print, events.seq + 1)
    writer.image("digits", 5, IMAGE)
    writer.text("sample", 7, "two \x1b[2Jdogs")
    writer.table("scores", 5, ["class", "share"], [["a", 0.5], [None, 0.25]])
    events.close()

    listed = [line.split() for line in home.dltui("media", run).splitlines()]
    assert ["image", "digits", "1", "5", "5"] in listed and ["text", "sample", "1", "7", "7"] in listed
    shown = home.call("media", run, "sample", "--step", "9")
    assert "two " in shown.stdout and "\x1b" not in shown.stdout and "sample, step 7" in shown.stderr
    assert home.dltui("media", run, "scores").split() == ["class", "share", "a", "0.5", "0.25"]
    assert json.loads(home.dltui("media", run, "digits", "--json")) == {
        "kind": "image", "tag": "digits", "step": 5, "width": 2, "height": 2, "bytes": len(IMAGE),
    }  # fmt: skip
    home.dltui("media", run, "digits", "--save", str(tmp_path / "x.png"))
    assert (tmp_path / "x.png").read_bytes() == IMAGE
    for words, line in (
        (("media", run, "digits", "--save", str(tmp_path / "x.png")), "x.png exists."),
        (("media", run, "nothing"), "has logged no 'nothing'."),
        (("media", run, "sample", "--step", "6"), "text 'sample' begins at step 7, later than step 6."),
        (("media", run, "--step", "6"), "--step, --kind and --save need a TAG."),
    ):
        done = home.call(*words)
        assert done.returncode != 0 and line in done.stderr and not done.stdout, words
