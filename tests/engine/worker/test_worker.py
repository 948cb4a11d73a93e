"""A worker process: its start, its commands, and every way it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine import files
from engine.events import EventWriter
from engine.protocol import Json
from engine.store import RunFolder
from tests.engine.worker.attempts import curve, environment, new_run, read_events, start, wait_for, weights
from tests.timeouts import LONG


class Keeper:
    """Holds the other ends of the worker's pipes."""

    def __init__(self, folder: RunFolder, **more: str) -> None:
        commands, self.commands = os.pipe()
        self.exit_message, words = os.pipe()
        strings = {"DLTUI_WIRE": str(commands), "DLTUI_LAST_WORDS": str(words)}
        self.worker = start(folder, pass_fds=(commands, words), **strings, **more)
        os.close(commands)
        os.close(words)

    def send(self, **command: object) -> None:
        os.write(self.commands, json.dumps(command).encode() + b"\n")

    def wait(self) -> tuple[int, Json]:
        """Exit code and exit message."""
        code = self.worker.wait(LONG)
        with os.fdopen(self.exit_message, "rb") as file:
            return code, json.loads(file.read())


def is_training(folder: RunFolder) -> bool:
    return len(curve(folder, "loss")) >= 3


def test_a_run_that_finishes_reports_it_by_exit_code_message_and_event(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=5)
    code, message = Keeper(folder).wait()
    assert code == 0
    assert message == {
        "status": "done",
        "cause": {"kind": "finished", "text": "Finished at step 5.", "remedy": ""},
    }
    ended = read_events(folder)[-1]
    assert ended.kind == "ended" and ended.facts == {"step": 5, **message}


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
    code, message = Keeper(folder).wait()
    assert code == 1
    assert (message["status"], message["cause"]["kind"], message["cause"]["text"]) == ("failed", kind, text)
    assert read_events(folder)[-1].facts["cause"] == message["cause"]
    assert "Traceback" in folder.log.read_text()
    assert list(curve(folder, "loss")) == [1, 2]


def test_a_diverged_run_names_metric_and_step(tmp_path: Path) -> None:
    code, message = Keeper(new_run(tmp_path, "nan", at=4)).wait()
    assert (code, message["cause"]["kind"]) == (1, "diverged")
    assert message["cause"]["text"] == "loss became nan at step 4."


def test_params_that_the_experiment_refuses_are_reported(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter")
    spec = files.read_json(folder.spec)
    assert spec is not None
    files.write_json(folder.spec, {**spec, "params": {"steps": -1}})
    code, message = Keeper(folder).wait()
    assert (code, message["cause"]["kind"]) == (1, "bad_params")
    assert "steps: expected a whole number of 0 or more, got '-1'" in message["cause"]["text"]
    assert read_events(folder)[-1].kind == "ended"


def test_a_folder_without_a_spec_is_reported(tmp_path: Path) -> None:
    code, message = Keeper(RunFolder(tmp_path)).wait()
    assert (code, message["status"]) == (1, "failed")
    assert "spec.json is missing" in message["cause"]["text"]


@pytest.mark.parametrize(
    ("word", "status", "kind"), [("pause", "paused", "paused"), ("stop", "stopped", "user_stop")]
)
def test_a_command_makes_it_save_and_exit(tmp_path: Path, word: str, status: str, kind: str) -> None:
    folder = new_run(tmp_path, "counter", steps=100_000, seconds=0.002)
    keeper = Keeper(folder)
    wait_for(lambda: is_training(folder))
    keeper.send(word=word)
    code, message = keeper.wait()
    assert (code, message["status"], message["cause"]["kind"]) == (0, status, kind)
    assert weights(folder)[0] == read_events(folder)[-1].facts["step"] == max(curve(folder, "loss"))


def test_a_live_value_is_set_while_it_trains(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=100_000, seconds=0.002)
    keeper = Keeper(folder)
    wait_for(lambda: is_training(folder))
    keeper.send(word="set", name="pace", value=2.5)
    wait_for(lambda: bool(read_events(folder, "set")))
    keeper.send(word="pause")
    assert keeper.wait()[0] == 0
    assert read_events(folder, "set")[0].facts["value"] == 2.5


def test_when_the_keeper_dies_it_saves_and_exits(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=100_000, seconds=0.002)
    keeper = Keeper(folder)
    wait_for(lambda: is_training(folder))
    os.close(keeper.commands)
    os.close(keeper.exit_message)
    assert keeper.worker.wait(LONG) == 0
    assert read_events(folder)[-1].facts["cause"]["kind"] == "keeper_lost"
    assert weights(folder)[0] == read_events(folder)[-1].facts["step"]


def test_sigterm_makes_it_save_and_exit(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=100_000, seconds=0.002)
    keeper = Keeper(folder)
    wait_for(lambda: is_training(folder))
    keeper.worker.send_signal(signal.SIGTERM)
    code, message = keeper.wait()
    assert (code, message["status"], message["cause"]["kind"]) == (0, "stopped", "signal")
    assert weights(folder)[0] == read_events(folder)[-1].facts["step"]


def test_a_pause_followed_by_sigterm_is_a_pause(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=100_000, seconds=0.002)
    keeper = Keeper(folder)
    wait_for(lambda: is_training(folder))
    keeper.send(word="pause")
    keeper.worker.send_signal(signal.SIGTERM)
    assert keeper.wait()[1]["status"] == "paused"


def test_a_worker_that_ignores_commands_ends_only_by_sigkill(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "stubborn", at=2, seconds=0.002, steps=100_000)
    keeper = Keeper(folder)
    wait_for(lambda: len(curve(folder, "loss")) > 5)
    keeper.send(word="stop")
    keeper.worker.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        keeper.worker.wait(0.5)
    keeper.worker.kill()
    assert keeper.worker.wait(LONG) == -signal.SIGKILL


def test_a_crash_in_native_code_leaves_a_trace_in_the_log(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "segfault", at=3)
    assert Keeper(folder).worker.wait(LONG) == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in folder.log.read_text()


def test_output_does_not_reach_the_events(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "noisy", steps=20)
    assert Keeper(folder).wait()[0] == 0
    assert list(curve(folder, "loss")) == list(range(1, 21))
    assert folder.log.stat().st_size > 1_000_000


def test_a_worker_that_cannot_write_its_events_reports_it(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter")
    folder.events.mkdir()
    code, message = Keeper(folder).wait()
    assert (code, message["status"], message["cause"]["kind"]) == (1, "failed", "error")
    assert "events.jsonl" in message["cause"]["text"]


def test_a_worker_runs_without_a_keeper(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=2)
    assert start(folder).wait(LONG) == 0
    assert read_events(folder)[-1].facts["status"] == "done"


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


def test_event_numbers_continue_over_attempts(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=3)
    EventWriter(folder.events).append("note", text="before", severity="note")
    assert start(folder).wait(LONG) == 0
    assert [event.seq for event in read_events(folder)] == list(range(1, len(read_events(folder)) + 1))
