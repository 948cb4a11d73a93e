"""A small home that is written by commands alone, with any version of the code.

`python -m tests.end_to_end.stored_home CODE TARGET` writes the home TARGET with the code in the folder CODE.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.terminal import Terminal
from tests.timeouts import LONG, quiet_seconds

RUNNING_EPOCHS = 10_000
"""of the paused run in the stored home"""
QUESTIONS = (
    ("ls", "--json"), ("ls", "experiment=xor_lanes", "--json"), ("ls", "status=paused", "--json"),
    ("sweep", "ls", "--json"),
    *(("show", name, "--json") for name in ("done", "lanes", "paused", "stopped")),
    *(("export", name) for name in ("done", "lanes")),
    *(("sweep", "show", name, "--json") for name in ("swept", "held", "ended")),
    ("sweep", "trials", "swept", "--json"), ("keys", "pause"),
)  # fmt: skip
"""commands that read a home"""


@dataclass(frozen=True)
class Shell:
    """The commands of the code in `code`, on one processor, so that one run at a time has a slot."""

    code: Path
    home: Path

    def dltui(self, *words: str, status: int | None = 0) -> str:
        """The output of a command; `status` None accepts any exit status."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tui", *words], cwd=self.home, env=self.environ, text=True,
            capture_output=True, timeout=LONG,
        )  # fmt: skip
        assert status is None or done.returncode == status, (
            words,
            done.returncode,
            done.stdout + done.stderr,
        )
        return done.stdout

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DLTUI_")}
        return {
            **kept, "DLTUI_HOME": str(self.home), "PYTHONPATH": str(self.code), "DLTUI_OFFLINE": "1",
            "DLTUI_CHECKPOINT_SECONDS": "100000", "DLTUI_SYSTEM_SECONDS": "0",
        }  # fmt: skip

    def reach(self, run: str, *statuses: str, step: int = 0) -> str:
        """Wait until the run has one of the statuses, and that step; its status."""
        deadline = quiet_seconds() + LONG
        while True:
            found = json.loads(self.dltui("show", run, "--json"))
            if found["status"] in statuses and found["step"] >= step:
                return str(found["status"])
            assert quiet_seconds() < deadline, found
            time.sleep(0.05)


def stop_engine(shell: Shell) -> None:
    """Stop the engine and wait for its last file, the checksum of the index."""
    shell.dltui("engine", "stop")
    deadline = quiet_seconds() + LONG
    while not (shell.home / "index.sqlite.sum").exists():
        assert quiet_seconds() < deadline, sorted(os.listdir(shell.home))
        time.sleep(0.05)


@contextmanager
def one_processor() -> Iterator[None]:
    """Child processes have one processor in the block."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def write_home(shell: Shell, running_epochs: int = RUNNING_EPOCHS) -> None:
    """Runs and sweeps that are done, paused and stopped, and what the app keeps of a visit.

    `running_epochs`: of the run that is paused after the commands in between.
    """
    with one_processor():
        xor = ("--set", "epochs=40", "--set", "lr=0.05")
        shell.dltui("run", "xor", "--name", "done", "--seed", "3", *xor, "--wait")
        axes = ("--set", "axes=lr=0.1,0.01; seed=1..3", "--set", "epochs=200")
        shell.dltui("run", "xor_lanes", "--name", "lanes", *axes, "--wait")
        sweep = ("sweep", "xor", "--axis", "hidden=1,2", "--axis", "lr=0.01..0.1 log", "--sampler", "random",
                 "--trials", "3", "--set", "epochs=40")  # fmt: skip
        shell.dltui(*sweep, "--name", "swept", "--wait")
        shell.dltui("run", "xor", "--name", "paused", "--seed", "4", "--set", f"epochs={running_epochs}")
        shell.reach("paused", "running")
        shell.dltui(*sweep, "--name", "held")
        shell.dltui("sweep", "pause", "held")
        shell.dltui(*sweep, "--name", "ended")
        shell.dltui("sweep", "stop", "ended")
        shell.dltui("run", "xor", "--name", "stopped", *xor)
        shell.dltui("stop", "stopped")
        shell.reach("paused", "running", step=1)
        shell.dltui("pause", "paused")
        shell.reach("paused", "paused")
        (shell.home / "keys.json").write_text('{"run.pause": "P"}')
        visit(shell)


def visit(shell: Shell) -> None:
    """The app, with some keys pressed."""
    with Terminal(shell.environ, command=(sys.executable, "-P", "-m", "tui")) as terminal:
        terminal.shows("done", "lanes", "stopped")
        terminal.press("2")
        terminal.shows("by hand")
        terminal.press("t", "6")
        terminal.shows("generate")
        terminal.write(b"/help\r")
        terminal.shows("/clear")
        terminal.press("esc", "esc", "1")
        terminal.shows("progress")
        terminal.press("/")
        terminal.write(b"experiment=xor_lanes\r")
        terminal.shows("4 of 7")
        terminal.press("q")
        assert terminal.wait() == 0


def answers(shell: Shell) -> dict[str, str]:
    """What the commands that read the home print; of the keys their names."""
    found = {" ".join(words): shell.dltui(*words) for words in QUESTIONS}
    found["keys"] = " ".join(key["name"] for key in json.loads(shell.dltui("keys", "--json")))
    return found


def uninterrupted(shell: Shell) -> str:
    """The SHA-256 of the weights of the paused run, trained without a pause in another home."""
    settings = ("--seed", "4", "--set", f"epochs={RUNNING_EPOCHS}")
    run = shell.dltui("run", "xor", *settings, "--wait").split()[0]
    found = json.loads(shell.dltui("show", run, "--json"))
    return str(found["checkpoints"][-1]["weights_sha256"])


def record(code: Path, target: Path) -> dict[str, object]:
    """Write the home; returns what commands print of it, and the weights of a run without a pause."""
    found: dict[str, object] = {}
    for shell in (Shell(code, target), Shell(code, target.with_name(f"{target.name}-other"))):
        shell.home.mkdir(mode=0o700, parents=True)
        try:
            if shell.home == target:
                write_home(shell)
                found["answers"] = answers(shell)
            else:
                found["weights"] = uninterrupted(shell)
        finally:
            shell.dltui("engine", "stop", status=None)
    return found


def main() -> int:
    code, target = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
    os.environ.setdefault("NUMBA_CACHE_DIR", str(target.with_name("numba")))
    found = record(code, target)
    target.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
