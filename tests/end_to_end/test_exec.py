"""`dltui exec`: commands as runs, against a real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.home import ROOT, Home
from tests.timeouts import LONG

SCRIPT = """
import argparse, os, time
import dltui_track
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--steps", type=int, default=50)
parser.add_argument("--pace", type=float, default=0.002)
options = parser.parse_args()
dltui_track.params(batch=32)
for step in range(1, options.steps + 1):
    dltui_track.log(step, loss=options.lr / step)
    if dltui_track.should_stop():
        break
    time.sleep(options.pace)
dltui_track.checkpoint("last.pt")
open("last.pt", "w").write(os.environ.get("MY_API_KEY", "no key"))
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(SCRIPT)
    return tmp_path / "train.py"


def exec_in(
    home: Home, folder: Path, *words: str, verb: tuple[str, ...] = ("exec",), **environ: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui", *verb, *words], cwd=folder, capture_output=True, text=True,
        env={**home.full_environ(), "PYTHONPATH": str(ROOT), **environ}, timeout=LONG,
    )  # fmt: skip


def test_a_command_is_a_run_as_any_other(home: Home, script: Path) -> None:
    done = exec_in(
        home, script.parent, "--set", "lr=0.10", "--wait", "--json", "--", sys.executable, "train.py",
        "--lr", "{lr}", MY_API_KEY="hidden",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert (run["experiment"], run["status"], run["step"]) == ("exec", "done", 50)
    assert run["params"] == {"batch": 32, "lr": 0.1}
    assert run["metrics"]["loss"] == pytest.approx(0.1 / 50)
    assert run["command"]["argv"][1:] == ["train.py", "--lr", "{lr}"]
    assert "PATH" in run["command"]["environ_names"] and run["command"]["environ"] == {}
    assert (script.parent / "last.pt").read_text() == "hidden"
    assert "hidden" not in "".join(path.read_text() for path in home.places.root.rglob("*.json*"))
    shown = home.dltui("show", run["id"])
    assert f"{sys.executable} train.py --lr 0.10" in shown
    assert f"{script.parent}/last.pt" in shown
    assert run["id"] in home.dltui("ls", "experiment=exec and batch=32")


SECRET = "3b1f-the-value-of-a-key-9c7e"


def check_is_in_no_file(home: Home, value: str) -> None:
    read = [path.read_bytes() for path in home.places.root.rglob("*") if path.is_file()]
    assert len(read) > 5 and not any(value.encode() in data for data in read)


@pytest.mark.long
def test_a_run_whose_secret_is_lost_with_the_engine_says_so_and_takes_it_from_a_shell(
    home: Home, script: Path
) -> None:
    words = ("--", sys.executable, "train.py", "--lr", "1", "--steps", "100000")
    run = exec_in(home, script.parent, *words, MY_API_KEY=SECRET).stdout.strip()
    check_is_in_no_file(home, SECRET)
    home.reach(run, "running")
    home.until(lambda: home.show(run)["step"] > 0, "a first step")
    check_is_in_no_file(home, SECRET)
    home.dltui("pause", run)
    home.reach(run, "paused")
    check_is_in_no_file(home, SECRET)
    home.dltui("engine", "stop")
    check_is_in_no_file(home, SECRET)
    home.dltui("resume", run)
    waiting = home.until(
        lambda: (
            (found := home.show(run))["state"].get("why", "").startswith("waits for MY_API_KEY") and found
        ),
        "the reason",
    )
    assert waiting["status"] == "queued"
    home.environ["MY_API_KEY"] = SECRET
    home.dltui("resume", run)
    home.reach(run, "running")
    check_is_in_no_file(home, SECRET)
    home.dltui("stop", run)
    home.reach(run, "stopped")
    home.dltui("engine", "stop")
    check_is_in_no_file(home, SECRET)
    assert (script.parent / "last.pt").read_text() == SECRET


def test_a_command_is_swept_over_its_placeholders(home: Home, script: Path) -> None:
    done = exec_in(
        home, script.parent, "--axis", "lr=0.10,0.2", "--seeds", "2", "--parallel", "2", "--wait", "--json",
        "--", sys.executable, "train.py", "--lr", "{lr}", "--steps", "5", verb=("sweep", "exec"),
        MY_API_KEY="hidden",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["counts"] == {"done": 4}
    assert found["best"]["value"] == pytest.approx(0.1 / 5)
    assert found["best"]["params"] == {"lr": 0.1}
    assert found["spec"]["name"].startswith("train-")
    assert "hidden" not in done.stdout and found["spec"]["command"]["environ"] == {}
    assert "--lr 0.10 --steps 5" in home.dltui("show", found["best"]["run"])
    assert (script.parent / "last.pt").read_text() == "hidden"


@pytest.mark.long
@pytest.mark.parametrize("told", [(), ("--steps", "50")], ids=["not told", "told"])
def test_a_trial_that_is_worse_than_the_one_before_is_pruned(
    home: Home, script: Path, told: tuple[str, ...]
) -> None:
    done = exec_in(
        home, script.parent, "--axis", "lr=0.001,0.5", "--parallel", "1", "--prune", "asha", *told, "--wait",
        "--json", "--", sys.executable, "train.py", "--lr", "{lr}", "--pace", "{lr}", verb=("sweep", "exec"),
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["counts"] == {"done": 1, "pruned": 1}, done.stderr
    assert found["best"]["params"] == {"lr": 0.001}
    trials = json.loads(home.dltui("sweep", "trials", found["id"], "--json"))
    assert trials[1]["cause"].startswith("Pruned") and "asha at step 2: " in trials[1]["cause"]
    assert [trial["total_steps"] for trial in trials] == ([50, 50] if told else [0, 0])


def test_a_range_is_drawn_from_and_an_axis_that_is_no_placeholder_is_refused(
    home: Home, script: Path
) -> None:
    words = ("--", sys.executable, "train.py", "--lr", "{lr}", "--steps", "2")
    sweep = ("sweep", "exec")
    done = exec_in(
        home, script.parent, "--axis", "lr=1e-4..1e-2 log", "--trials", "2", "--wait", *words, verb=sweep
    )
    assert done.returncode == 0, done.stderr
    refused = exec_in(home, script.parent, "--axis", "lr=1,2", "--axis", "no=1,2", *words, verb=sweep)
    assert refused.returncode == 2
    assert "Unknown axis 'no'" in refused.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "Missing argument"),
        (("--", "python", "{lr}"), "{lr}: no value is given"),
        (("--metric", "loss", "--", "true"), "names no metric"),
        (("--set", "lr", "--", "true"), "--set takes name=value"),
        (("--set", "lr=1", "--", "true"), "the command has no {lr}"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_line(home: Home, words: tuple[str, ...], text: str) -> None:
    done = exec_in(home, ROOT, *words)
    assert done.returncode == 2
    assert text in done.stderr


def test_the_folder_of_the_module_is_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui", "track", "--path"], capture_output=True, text=True, timeout=LONG
    )
    assert (Path(done.stdout.strip()) / "dltui_track.py").is_file()


def test_a_command_whose_keeper_was_killed_is_lost_and_resume_starts_it_again(home: Home) -> None:
    run = home.dltui("exec", "--", "sleep", "600").strip()
    keeper = home.until(lambda: home.worker(run) and home.keeper(run))
    os.kill(keeper.pid, signal.SIGKILL)
    lost = home.reach(run, "lost")
    assert lost["cause"]["text"] == (
        "its keeper was killed: resume starts the command again, with DLTUI_RESUME=1"
    )
