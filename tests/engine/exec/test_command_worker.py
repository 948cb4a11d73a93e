"""A command under its real keeper and worker."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path

import pytest

from engine.keeper.stop_sequence import GracePeriods
from engine.protocol import CauseKind, Status
from engine.store import read_keeper
from tests.engine.exec.command_run import (
    curve,
    events_of,
    make_command,
    make_script,
    notes,
    printed,
    said,
    started,
)
from tests.engine.keeper.kept_run import until

FACTS = """
import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "folder": os.getcwd(), "environ": dict(os.environ),
                  "stdin": sys.stdin.read(), "tty": os.isatty(1), "leader": os.getpgid(0) == os.getpid()}))
"""
LOGS = """
import dltui_track, os, time
begin = 5 if os.environ.get("DLTUI_RESUME") else 1
for step in range(begin, 10**6):
    dltui_track.log(step, loss=1.0 / step)
    if dltui_track.should_stop():
        break
    time.sleep(0.005)
"""


def test_a_command_gets_its_arguments_environment_and_folder(tmp_path: Path) -> None:
    given = ["--lr", "{lr}", "{{lr}}", "a b; echo $HOME", "{seed}"]
    folder = make_script(
        tmp_path, FACTS, *given, params={"lr": 0.1}, texts={"lr": ("0.10",)},
        environ={"HOME": "/home/x", "PYTHONPATH": "/mine"},
    )  # fmt: skip
    with started(folder, environ={"OF_THE_SERVICE": "1"}) as run:
        ended = run.exit()
    assert (ended.status, ended.cause.text) == (Status.DONE, "Finished: exit code 0.")
    facts = said(folder)
    assert facts["argv"] == ["--lr", "0.10", "{lr}", "a b; echo $HOME", "7"]
    assert facts["folder"] == str(tmp_path)
    assert (facts["stdin"], facts["tty"], facts["leader"]) == ("", False, True)
    environ = facts["environ"]
    assert environ["HOME"] == "/home/x"
    assert environ["PYTHONPATH"].startswith("/mine:")
    assert environ["CUDA_VISIBLE_DEVICES"] == ""
    assert (environ["DLTUI_RUN"], environ["DLTUI_ATTEMPT"]) == ("one", "1")
    assert not {"OF_THE_SERVICE", "DLTUI_RESUME", "DLTUI_LOCK", "DLTUI_WITHHELD"} & environ.keys()


def test_values_that_are_in_no_file_reach_the_command(tmp_path: Path) -> None:
    folder = make_script(tmp_path, FACTS, withheld=("API_KEY",))
    with started(folder, environ={"DLTUI_WITHHELD": json.dumps({"API_KEY": "hidden"})}) as run:
        run.finish()
    assert said(folder)["environ"]["API_KEY"] == "hidden"
    assert "hidden" not in folder.spec.read_text()


def test_what_a_command_logs_is_its_curve_and_a_pause_ends_it(tmp_path: Path) -> None:
    folder = make_script(tmp_path, LOGS)
    with started(folder) as run:
        until(lambda: len(curve(folder, "loss")) > 20)
        run.send(word="pause")
        ended = run.exit()
    points = curve(folder, "loss")
    last = points[-1][0]
    assert points == [(step, pytest.approx(1 / step, rel=1e-6)) for step in range(1, last + 1)]
    assert (ended.status, ended.cause.kind) == (Status.PAUSED, CauseKind.PAUSED)
    assert ended.cause.text == f"Paused at step {last}: the command exited with code 0."
    assert "DLTUI_RESUME=1" in ended.cause.remedy

    with started(folder, attempt=2) as run:
        until(lambda: any(event.kind == "restored" for event in events_of(folder)))
        run.send(word="stop")
        ended = run.exit()
    points = curve(folder, "loss")
    assert [step for step, _ in points] == list(range(1, points[-1][0] + 1))
    assert (ended.status, ended.cause.kind) == (Status.STOPPED, CauseKind.USER_STOP)
    assert any("the script's own matter" in text for text in notes(folder))


def test_a_command_without_handler_is_paused_by_sigterm(tmp_path: Path) -> None:
    folder = make_script(tmp_path, "import time\nprint('up', flush=True)\ntime.sleep(600)")
    with started(folder) as run:
        until(lambda: "up" in printed(folder))
        run.send(word="pause")
        ended = run.exit()
    assert (ended.status, ended.cause.text) == (
        Status.PAUSED, "Paused: the command was ended by SIGTERM."
    )  # fmt: skip


def test_a_command_that_does_not_leave_is_killed_with_all_its_processes(tmp_path: Path) -> None:
    text = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); "
                          "print('up', flush=True); time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
    folder = make_script(tmp_path, text)
    with started(folder, grace_periods=GracePeriods(0.1, 0.1)) as run:
        until(lambda: "up" in printed(folder))
        run.send(word="stop")
        ended = run.exit()
    child = int(next(line for line in printed(folder).splitlines() if line.isdigit()))
    assert not os.path.exists(f"/proc/{child}")
    assert ended.status is Status.STOPPED
    assert "the command answered neither the request nor SIGTERM" in ended.cause.text


SAVES = """
import os, signal, sys, time
import dltui_track
def save(*_):
    time.sleep(0.3)
    open("saved-" + sys.argv[1], "w").write(str(os.getpid()))
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
for step in range(1, 10**6):
    dltui_track.log(step, **{"loss" + sys.argv[1]: 1.0})
    time.sleep(0.01)
"""


def test_workers_in_sessions_of_their_own_save_when_their_launcher_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "saves.py").write_text(SAVES)
    text = """
import subprocess, sys
workers = [subprocess.Popen([sys.executable, "saves.py", str(rank)], start_new_session=True)
           for rank in (0, 1)]
for worker in workers: worker.wait()
"""
    folder = make_script(tmp_path, text)
    with started(folder) as run:
        until(lambda: all(len(curve(folder, f"loss{rank}")) > 2 for rank in (0, 1)))
        run.send(word="pause")
        ended = run.exit()
    assert (ended.status, ended.cause.text[:12]) == (Status.PAUSED, "Paused at st")
    for rank in (0, 1):
        assert not os.path.exists(f"/proc/{(tmp_path / f'saved-{rank}').read_text()}")


def test_the_workers_of_a_script_that_saves_are_not_ended_before_it(tmp_path: Path) -> None:
    text = """
import subprocess, sys, time
import dltui_track
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
step = 0
while not dltui_track.should_stop():
    step += 1
    dltui_track.log(step, loss=1.0)
    time.sleep(0.01)
time.sleep(0.3)
print("alone" if worker.poll() is not None else "saved")
"""
    folder = make_script(tmp_path, text)
    with started(folder) as run:
        until(lambda: len(curve(folder, "loss")) > 2)
        run.send(word="pause")
        assert run.exit().status is Status.PAUSED
    assert printed(folder) == "saved"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("raise ValueError('no such layer')", CauseKind.ERROR, "code 1: ValueError: no such layer"),
        ("import sys; print('what I said last'); sys.exit(3)", CauseKind.ERROR, "code 3: what I said last"),
        ("import os; os.kill(os.getpid(), 11)", CauseKind.SIGNAL, "SIGSEGV"),
        ("print('CUDA out of memory'); exit(1)", CauseKind.GPU_MEMORY, "CUDA out of memory"),
        ("raise MemoryError", CauseKind.HOST_MEMORY, "MemoryError"),
        ("from dltui_track import log; log(3, loss=float('nan')); log(4, loss=0.5)", CauseKind.DIVERGED,
         "loss became nan at step 3"),
    ],
)  # fmt: skip
def test_a_failure_is_explained(tmp_path: Path, text: str, kind: CauseKind, words: str) -> None:
    folder = make_script(tmp_path, text)
    with started(folder) as run:
        ended = run.exit()
    assert (ended.status, ended.cause.kind) == (Status.FAILED, kind)
    assert words in ended.cause.text
    assert "worker" not in ended.cause.text


@pytest.mark.parametrize(
    ("argv", "facts", "words"),
    [
        (("no-such-program",), {}, "no-such-program: No such file or directory"),
        (("sleep", "1"), {"folder": "/no/such/folder"}, "in the folder /no/such/folder: No such file"),
        ((sys.executable, "gone.py"), {}, "gone.py"),
    ],
)
def test_a_command_that_is_not_there_is_named(
    tmp_path: Path, argv: tuple[str, ...], facts: dict[str, str], words: str
) -> None:
    folder = make_command(tmp_path, *argv, **facts)
    with started(folder) as run:
        ended = run.exit()
    assert (ended.status, ended.cause.kind) == (Status.FAILED, CauseKind.ERROR)
    assert words in ended.cause.text


def test_metrics_are_found_in_the_output_which_is_kept(tmp_path: Path) -> None:
    text = "for n in range(3): print(f'epoch {n} loss={1 / (n + 1)}')"
    folder = make_script(tmp_path, text, output_metrics=(r"loss=(\S+)",))
    with started(folder) as run:
        assert run.exit().status is Status.DONE
    assert curve(folder, "loss") == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3, rel=1e-6))]
    assert printed(folder).splitlines()[0] == "epoch 0 loss=1.0"


def test_a_pty_is_a_terminal_whose_lines_end_as_in_a_pipe(tmp_path: Path) -> None:
    folder = make_script(tmp_path, FACTS, pty=True, output_metrics=(r"loss=(\S+)",))
    with started(folder) as run:
        assert run.exit().status is Status.DONE
    assert (said(folder)["tty"], said(folder)["stdin"]) == (True, "")
    assert "\r" not in folder.log.read_text()


def test_a_command_that_forks_and_leaves_has_ended_and_its_rest_is_killed(tmp_path: Path) -> None:
    text = """
import os, time
if os.fork() == 0:
    os.setsid()
    print(os.getpid(), flush=True)
    while True: time.sleep(1)
time.sleep(0.3)
"""
    folder = make_script(tmp_path, text)
    with started(folder) as run:
        ended = run.exit()
    assert ended.status is Status.DONE
    assert not os.path.exists(f"/proc/{int(printed(folder))}")


def test_what_is_printed_without_end_is_bounded_in_the_log(tmp_path: Path) -> None:
    text = "import os\nfor n in range(640): os.write(1, b'x' * 65535 + b'\\n')\nprint('loss=0.5')"
    folder = make_script(tmp_path, text, output_metrics=(r"loss=(\S+)",))
    with started(folder) as run:
        assert run.exit().status is Status.DONE
    assert curve(folder, "loss") == [(1, 0.5)]
    assert folder.log.stat().st_size <= 16 * 1024 * 1024


def test_the_command_ends_with_its_keeper_and_the_event_file_tells(tmp_path: Path) -> None:
    folder = make_script(tmp_path, LOGS)
    with started(folder) as run:
        until(lambda: len(curve(folder, "loss")) > 5)
        run.process.send_signal(signal.SIGKILL)
        until(lambda: bool(events_of(folder, "ended")))
    (ended,) = events_of(folder, "ended")
    assert (ended.facts["status"], ended.facts["cause"]["kind"]) == ("lost", "keeper_lost")


@pytest.mark.long
@pytest.mark.parametrize("is_freed", [True, False])
def test_what_is_logged_on_a_full_disk_is_written_when_there_is_room_else_its_loss_is_told(
    tmp_path: Path, is_freed: bool
) -> None:
    folder = make_script(tmp_path, LOGS)
    with started(folder) as run:
        until(lambda: len(curve(folder, "loss")) > 5)
        facts = read_keeper(folder)
        assert facts is not None and facts.worker is not None
        full = (folder.events.stat().st_size, resource.RLIM_INFINITY)
        resource.prlimit(facts.worker.pid, resource.RLIMIT_FSIZE, full)
        before = len(curve(folder, "loss"))
        if is_freed:
            resource.prlimit(facts.worker.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            until(lambda: len(curve(folder, "loss")) > before)
        run.send(word="stop")
        ended = run.exit()
    assert ended.status is Status.STOPPED
    assert ("What it logged last is lost: the disk is full." in ended.cause.text) is not is_freed


def test_a_signal_from_outside_is_named(tmp_path: Path) -> None:
    folder = make_script(tmp_path, LOGS)
    with started(folder) as run:
        until(lambda: len(curve(folder, "loss")) > 5)
        run.process.send_signal(signal.SIGUSR1)
        ended = run.exit()
    assert (ended.status, ended.cause.kind) == (Status.STOPPED, CauseKind.SIGNAL)
    assert ended.cause.text.startswith("SIGUSR1 from outside at step ")


WRITES = """
import os, sys
from tensorboardX import SummaryWriter
begin = 3 if os.environ.get("DLTUI_RESUME") else 1
writer = SummaryWriter(os.path.join(sys.argv[1] if sys.argv[1:] else os.environ["DLTUI_TENSORBOARD"]))
for step in range(begin, begin + 4):
    writer.add_scalar("loss", begin, step)
writer.close()
"""


@pytest.mark.long
def test_the_folder_of_its_tensorboard_files_may_name_a_placeholder(tmp_path: Path) -> None:
    logs = tmp_path / "logs-0.5" / "seed-7"
    folder = make_command(
        tmp_path, "printenv", "DLTUI_TENSORBOARD", "{lr}", params={"lr": 0.5},
        tensorboard=f"{tmp_path}/logs-{{lr}}/seed-{{seed}}",
    )  # fmt: skip
    with started(folder) as run:
        run.exit()
    assert printed(folder) == str(logs)


def test_what_it_writes_for_tensorboard_is_its_curve_and_older_files_are_left_out(tmp_path: Path) -> None:
    folder = make_script(tmp_path, WRITES)
    with started(folder) as run:
        assert run.exit().status is Status.DONE
    assert curve(folder, "loss") == [(1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0)]
    for path in (folder.path / "tensorboard").iterdir():
        os.utime(path, (1, 1))
    with started(folder, attempt=2) as run:
        assert run.exit().status is Status.DONE
    assert curve(folder, "loss") == [(1, 1.0), (2, 1.0), (3, 3.0), (4, 3.0), (5, 3.0), (6, 3.0)]


@pytest.mark.long
def test_a_folder_of_its_own_is_read_as_it_grows(tmp_path: Path) -> None:
    text = WRITES.replace("writer.close()", "writer.close()\nimport time; time.sleep(600)")
    logs = tmp_path / "logs"
    folder = make_script(tmp_path, text, str(logs), tensorboard=str(logs))
    with started(folder) as run:
        until(lambda: len(curve(folder, "loss")) == 4)
        run.send(word="stop")
        assert run.exit().status is Status.STOPPED


@pytest.mark.parametrize("seconds", ["1", "0"])
def test_what_a_command_and_its_children_use_is_measured(tmp_path: Path, seconds: str) -> None:
    text = (
        "import subprocess, sys, time\n"
        "busy = 'import time\\nwhile time.process_time() < 0.3: pass\\ntime.sleep(30)'\n"
        "child = subprocess.Popen([sys.executable, '-c', busy])\n"
        "time.sleep(1.5)\n"
        "child.kill()"
    )
    folder = make_script(tmp_path, text, environ={"DLTUI_SYSTEM_SECONDS": seconds})
    with started(folder) as run:
        run.finish()
    found = events_of(folder, "system")
    assert bool(found) == (seconds == "1")
    if found:
        facts = found[0].facts
        assert facts["step"] == 0 and facts["cores"] >= 1 and facts["cpu"] > 1 and facts["rss"] > 10
