"""A worker as a process: how it starts, what it hears, every way it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine import store
from engine.events import EventWriter
from engine.protocol import Json
from engine.store import RunFolder
from tests.engine.worker.lab import curve, environment, new_run, start, told, wait_for, weights
from tests.timeouts import LONG


class Keeper:
    """Holds the other ends of the strings."""

    def __init__(self, folder: RunFolder, **more: str) -> None:
        wire, self.wire = os.pipe()
        self.last_words, words = os.pipe()
        strings = {"DLTUI_WIRE": str(wire), "DLTUI_LAST_WORDS": str(words)}
        self.worker = start(folder, pass_fds=(wire, words), **strings, **more)
        os.close(wire)
        os.close(words)

    def say(self, **word: object) -> None:
        os.write(self.wire, json.dumps(word).encode() + b"\n")

    def farewell(self) -> tuple[int, Json]:
        """Exit code and last words."""
        code = self.worker.wait(LONG)
        with os.fdopen(self.last_words, "rb") as said:
            return code, json.loads(said.read())


def is_under_way(folder: RunFolder) -> bool:
    return len(curve(folder, "loss")) >= 3


def test_a_run_that_finishes_says_so_three_times(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=5)
    code, said = Keeper(folder).farewell()
    assert code == 0
    assert said == {
        "status": "done",
        "cause": {"kind": "finished", "text": "Finished at step 5.", "remedy": ""},
    }
    ended = told(folder)[-1]
    assert ended.kind == "ended" and ended.facts == {"step": 5, **said}


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        ("error", "error", "ValueError: it broke in two lines"),
        ("exit", "error", "SystemExit: 3"),
        ("data", "bad_data", "The labels are gone."),
        ("params", "bad_params", "at: too early."),
        ("memory", "host_memory", "MemoryError: Unable to allocate 3 TiB"),
        ("gpu_memory", "gpu_memory", "OutOfMemoryError: CUDA out of memory. Tried to allocate 3 TiB."),
        ("disk_full", "disk_full", "OSError: [Errno 28] No space left on device: 'weights'"),
    ],
)
def test_a_crash_is_classified_and_its_traceback_is_in_the_log(
    tmp_path: Path, error: str, kind: str, text: str
) -> None:
    folder = new_run(tmp_path, "crash", at=3, error=error)
    code, said = Keeper(folder).farewell()
    assert code == 1
    assert (said["status"], said["cause"]["kind"], said["cause"]["text"]) == ("failed", kind, text)
    assert told(folder)[-1].facts["cause"] == said["cause"]
    assert "Traceback" in folder.log.read_text()
    assert list(curve(folder, "loss")) == [1, 2]


def test_a_diverged_run_names_metric_and_step(tmp_path: Path) -> None:
    code, said = Keeper(new_run(tmp_path, "nan", at=4)).farewell()
    assert (code, said["cause"]["kind"]) == (1, "diverged")
    assert said["cause"]["text"] == "loss became nan at step 4."


def test_params_that_the_experiment_refuses_are_told(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter")
    spec = store.read_json(folder.spec)
    assert spec is not None
    store.write_json(folder.spec, {**spec, "params": {"steps": -1}})
    code, said = Keeper(folder).farewell()
    assert (code, said["cause"]["kind"]) == (1, "bad_params")
    assert "steps: expected a whole number of 0 or more, got '-1'" in said["cause"]["text"]
    assert told(folder)[-1].kind == "ended"


def test_a_folder_without_a_spec_is_told(tmp_path: Path) -> None:
    code, said = Keeper(RunFolder(tmp_path)).farewell()
    assert (code, said["status"]) == (1, "failed")
    assert "spec.json is missing" in said["cause"]["text"]


@pytest.mark.parametrize(
    ("word", "status", "kind"), [("pause", "paused", "paused"), ("stop", "stopped", "user_stop")]
)
def test_a_word_makes_it_save_and_leave(tmp_path: Path, word: str, status: str, kind: str) -> None:
    folder = new_run(tmp_path, "counter", steps=100_000, seconds=0.002)
    keeper = Keeper(folder)
    wait_for(lambda: is_under_way(folder))
    keeper.say(word=word)
    code, said = keeper.farewell()
    assert (code, said["status"], said["cause"]["kind"]) == (0, status, kind)
    assert weights(folder)[0] == told(folder)[-1].facts["step"] == max(curve(folder, "loss"))


def test_a_live_value_is_set_while_it_trains(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=100_000, seconds=0.002)
    keeper = Keeper(folder)
    wait_for(lambda: is_under_way(folder))
    keeper.say(word="set", name="pace", value=2.5)
    wait_for(lambda: bool(told(folder, "set")))
    keeper.say(word="pause")
    assert keeper.farewell()[0] == 0
    assert told(folder, "set")[0].facts["value"] == 2.5


def test_when_the_keeper_dies_it_saves_and_leaves(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=100_000, seconds=0.002)
    keeper = Keeper(folder)
    wait_for(lambda: is_under_way(folder))
    os.close(keeper.wire)
    os.close(keeper.last_words)
    assert keeper.worker.wait(LONG) == 0
    assert told(folder)[-1].facts["cause"]["kind"] == "keeper_lost"
    assert weights(folder)[0] == told(folder)[-1].facts["step"]


def test_sigterm_makes_it_save_and_leave(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=100_000, seconds=0.002)
    keeper = Keeper(folder)
    wait_for(lambda: is_under_way(folder))
    keeper.worker.send_signal(signal.SIGTERM)
    code, said = keeper.farewell()
    assert (code, said["status"], said["cause"]["kind"]) == (0, "stopped", "signal")
    assert weights(folder)[0] == told(folder)[-1].facts["step"]


def test_a_pause_that_sigterm_had_to_press_is_a_pause(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=100_000, seconds=0.002)
    keeper = Keeper(folder)
    wait_for(lambda: is_under_way(folder))
    keeper.say(word="pause")
    keeper.worker.send_signal(signal.SIGTERM)
    assert keeper.farewell()[1]["status"] == "paused"


def test_a_stubborn_one_goes_only_when_killed(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "stubborn", at=2, seconds=0.002, steps=100_000)
    keeper = Keeper(folder)
    wait_for(lambda: len(curve(folder, "loss")) > 5)
    keeper.say(word="stop")
    keeper.worker.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        keeper.worker.wait(0.5)
    keeper.worker.kill()
    assert keeper.worker.wait(LONG) == -signal.SIGKILL


def test_a_crash_in_native_code_leaves_a_trace_in_the_log(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "segfault", at=3)
    assert Keeper(folder).worker.wait(LONG) == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in folder.log.read_text()


def test_noise_does_not_reach_the_events(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "noisy", steps=20)
    assert Keeper(folder).farewell()[0] == 0
    assert list(curve(folder, "loss")) == list(range(1, 21))
    assert folder.log.stat().st_size > 1_000_000


def test_a_worker_in_a_folder_it_may_not_write_ends_with_a_clear_line(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter")
    folder.events.mkdir()
    code, said = Keeper(folder).farewell()
    assert (code, said["status"], said["cause"]["kind"]) == (1, "failed", "error")
    assert "events.jsonl" in said["cause"]["text"]


def test_the_strings_are_not_passed_on_and_the_worker_runs_without_them(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=2)
    assert start(folder).wait(LONG) == 0
    assert told(folder)[-1].facts["status"] == "done"


def test_a_python_experiment_starts_without_any_framework(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=2)
    script = (
        "import sys\n"
        "from engine.worker.__main__ import main\n"
        f"assert main([{str(folder.path)!r}]) == 0\n"
        "print(sorted({'torch', 'numpy', 'tensorboardX', 'safetensors'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_numbers_of_events_go_on_over_attempts(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=3)
    EventWriter(folder.events).append("note", text="before", severity="note")
    assert start(folder).wait(LONG) == 0
    assert [event.seq for event in told(folder)] == list(range(1, len(told(folder)) + 1))
