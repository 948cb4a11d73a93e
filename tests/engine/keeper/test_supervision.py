from __future__ import annotations

import json
import os
import resource
import signal
import stat
import time
from pathlib import Path

import pytest

from engine import process_identity
from engine.keeper import arguments
from engine.keeper.__main__ import Outcome, finish
from engine.keeper.cause import ProcessExit
from engine.keeper.claim import Claim, acquire
from engine.keeper.stop_sequence import GracePeriods
from engine.protocol import Cause, CauseKind, Status
from engine.store import ExitFacts, Wanted, write_wanted
from tests.engine.keeper import fakes
from tests.engine.keeper.kept_run import QUICK, keeping, make_folder, run_of, until


def test_a_worker_that_finishes_is_done_with_the_cause_it_sent(tmp_path: Path) -> None:
    with run_of("finished", tmp_path) as run:
        ended = run.exit()
    assert (ended.status, ended.cause.kind, ended.cause.text) == (
        Status.DONE,
        CauseKind.FINISHED,
        "as sent",
    )
    assert (ended.attempt, ended.code, ended.signal) == (1, 0, None)
    assert ended.usage["cpu_seconds"] > 0
    assert 4e6 < ended.usage["max_rss"] < 1e9


def test_a_worker_that_exits_without_a_message_is_not_done(tmp_path: Path) -> None:
    with run_of("no_message", tmp_path) as run:
        ended = run.exit()
    assert (ended.status, ended.cause.kind, ended.code) == (Status.FAILED, CauseKind.UNKNOWN, 0)


def test_a_torn_exit_message_is_ignored(tmp_path: Path) -> None:
    with run_of("torn_message", tmp_path) as run:
        assert run.exit().cause.kind is CauseKind.UNKNOWN


def test_an_exit_code_without_a_message_gets_the_last_error_of_the_log_on_one_line(
    tmp_path: Path,
) -> None:
    with run_of("bare_code", tmp_path) as run:
        ended = run.exit()
    assert (ended.status, ended.cause.kind, ended.code) == (Status.FAILED, CauseKind.ERROR, 3)
    assert ended.cause.text == "The worker exited with code 3: ValueError: odd [2J"


def test_running_out_of_gpu_memory_is_detected_in_the_log(tmp_path: Path) -> None:
    with run_of("gpu_memory", tmp_path) as run:
        ended = run.exit()
    assert ended.cause.kind is CauseKind.GPU_MEMORY
    assert "Tried to allocate 2.00 GiB" in ended.cause.text


@pytest.mark.parametrize(("fake", "number"), [("segfault", signal.SIGSEGV), ("killed", signal.SIGKILL)])
def test_the_end_by_a_signal_names_the_signal(tmp_path: Path, fake: str, number: signal.Signals) -> None:
    with run_of(fake, tmp_path) as run:
        ended = run.exit()
    assert (ended.status, ended.code, ended.signal) == (Status.FAILED, None, number)
    assert number.name in ended.cause.text


def test_a_worker_inherits_only_its_descriptors_and_default_signals(tmp_path: Path) -> None:
    """Nothing the keeper ignores or holds is passed on, and no crash fills the disk with a core."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    folder = make_folder(tmp_path)
    write_wanted(folder, Wanted(7, "fast"))
    try:
        with keeping(folder, fakes.write("reports_facts", tmp_path), attempt=7) as run:
            run.exit()
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    facts = json.loads((folder.path / "facts").read_text())
    assert facts["int"] and facts["term"] and facts["hup"]
    assert (facts["core"], facts["umask"], facts["stdin"]) == (0, 0o077, "/dev/null")
    assert facts["nice"] >= 10
    assert facts["oom"] >= 500
    assert facts["cwd"] == str(folder.path)
    assert facts["argv"] == ["-P", "-m", "engine.worker", str(folder.path)]
    assert facts["attempt"] == ["7", "fast"]
    assert facts["open"] == sorted([0, 1, 2, *map(int, facts["named"])])


def test_a_worker_that_reads_no_commands_ends_with_its_keeper(tmp_path: Path) -> None:
    with run_of("ignores_commands", tmp_path) as run:
        run.wait_for("ready")
        until(lambda: run.facts().worker is not None)
        worker = run.facts().worker
        run.process.kill()
        assert worker is not None
        until(lambda: not worker.is_alive())


def test_the_lock_is_released_before_exit_json_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(tmp_path)
    claim = acquire(folder, 1)
    inherited = os.dup(claim.lock)
    found: list[int] = []

    def acquire_next(_: Claim, facts: ExitFacts) -> None:
        found.append(acquire(folder, facts.attempt + 1).lock)

    monkeypatch.setattr(Claim, "write_exit", acquire_next)
    outcome = Outcome(ProcessExit(0, None), (Status.DONE, Cause(CauseKind.FINISHED, "done")))
    assert finish(claim, outcome, lambda text: None) == arguments.RECORDED
    for fd in (claim.lock, inherited, *found):
        os.close(fd)
    assert len(found) == 1


def test_commands_reach_the_worker_in_order_and_it_ends_paused(tmp_path: Path) -> None:
    with run_of("obeys", tmp_path) as run:
        run.wait_for("ready")
        run.send(word="set", name="lr", value=0.5)
        run.send(word="pause")
        ended = run.exit()
    assert ended.status is Status.PAUSED
    received = (run.folder.path / "received").read_text().splitlines()
    assert received == ['{"word":"set","name":"lr","value":0.5}', '{"word":"pause"}']
    assert run.facts().asked == "pause"
    assert time.time() - run.facts().asked_at < 60


def test_invalid_lines_in_the_control_pipe_are_counted_and_ignored(tmp_path: Path) -> None:
    with run_of("obeys", tmp_path) as run:
        run.wait_for("ready")
        run.write(b"\x00\xff{[\n[]\n{}\n3\n" + b"[" * 3000 + b"\n")
        run.send(word="stop")
        assert run.exit().status is Status.STOPPED
        assert "5 lines were no commands" in run.error()


def test_a_worker_that_never_reads_cannot_block_its_keeper(tmp_path: Path) -> None:
    with run_of("ignores_sigterm", tmp_path, grace_periods=QUICK) as run:
        run.wait_for("ready")
        until(lambda: _filled(run.folder.control))
        run.send(word="stop")
        assert run.exit().status is Status.STOPPED


def _filled(control: Path) -> bool:
    """Send more commands than the pipe to the worker and the keeper's buffer hold."""
    fd = os.open(control, os.O_WRONLY)
    with os.fdopen(fd, "wb", buffering=0) as file:
        for _ in range(300):
            file.write(b'{"word":"set","name":"' + b"x" * 1000 + b'","value":1}\n')
    return True


def test_a_worker_that_ignores_everything_is_killed_and_counts_as_stopped(tmp_path: Path) -> None:
    with run_of("ignores_sigterm", tmp_path, grace_periods=QUICK) as run:
        run.wait_for("ready")
        run.send(word="stop")
        ended = run.exit()
    assert (ended.status, ended.cause.kind, ended.signal) == (
        Status.STOPPED,
        CauseKind.USER_STOP,
        signal.SIGKILL,
    )
    assert "by force" in ended.cause.text


def test_a_forced_pause_names_the_step_from_which_resume_continues(tmp_path: Path) -> None:
    with run_of("ignores_sigterm", tmp_path, grace_periods=QUICK) as run:
        for name in ("step-00000900", "step-00001200", ".new-step-00001300"):
            (run.folder.checkpoints / name).mkdir(parents=True)
        run.wait_for("ready")
        run.send(word="pause")
        ended = run.exit()
    assert ended.status is Status.PAUSED
    assert ended.cause.remedy == "Resume continues from step 1200."


def test_a_worker_that_ignores_commands_gets_sigterm_before_sigkill(tmp_path: Path) -> None:
    with run_of("ignores_commands", tmp_path, grace_periods=GracePeriods(0.1, 30)) as run:
        run.wait_for("ready")
        run.send(word="pause")
        ended = run.exit()
    assert (ended.status, ended.signal) == (Status.PAUSED, signal.SIGTERM)


def test_a_stop_overrides_a_pause(tmp_path: Path) -> None:
    with run_of("ignores_sigterm", tmp_path, grace_periods=GracePeriods(0.3, 0.1)) as run:
        run.wait_for("ready")
        run.write(b'{"word":"pause"}\n{"word":"stop"}\n{"word":"pause"}\n')
        assert run.exit().status is Status.STOPPED


def test_a_suspended_worker_is_continued_and_ended_by_the_stop_sequence(tmp_path: Path) -> None:
    with run_of("ignores_commands", tmp_path, grace_periods=GracePeriods(0.1, 30)) as run:
        run.wait_for("ready")
        until(lambda: run.facts().worker is not None)
        worker = run.facts().worker
        assert worker is not None
        os.kill(worker.pid, signal.SIGSTOP)
        run.send(word="stop")
        assert run.exit().signal == signal.SIGTERM


def test_sigterm_to_the_keeper_stops_the_run_and_is_named_in_the_cause(tmp_path: Path) -> None:
    with run_of("obeys", tmp_path) as run:
        run.wait_for("ready")
        run.process.terminate()
        ended = run.exit()
    assert (ended.status, ended.cause.kind) == (Status.STOPPED, CauseKind.SIGNAL)
    assert "SIGTERM" in ended.cause.text


@pytest.mark.parametrize(("fake", "there"), [("finished", True), ("segfault", True), ("obeys", False)])
def test_a_keeper_writes_the_end_into_the_tensorboard_files(tmp_path: Path, fake: str, there: bool) -> None:
    folder, name = make_folder(tmp_path), "events.out.tfevents.1.here.0001"
    folder.tensorboard.mkdir()
    (folder.tensorboard / name).touch()
    (folder.tensorboard / (name + ".end")).write_text("of an attempt before")
    with keeping(folder, fakes.write(fake, tmp_path)) as run:
        if fake == "obeys":
            run.wait_for("ready")
            run.send(word="pause")
        run.exit()
    assert sorted(os.listdir(folder.tensorboard)) == [name, name + ".end"][: 1 + there]
    assert not there or b"session_end_info" in (folder.tensorboard / (name + ".end")).read_bytes()


def test_a_keeper_ignores_hangups_and_interrupts(tmp_path: Path) -> None:
    with run_of("obeys", tmp_path) as run:
        run.wait_for("ready")
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            run.process.send_signal(number)
        run.send(word="pause")
        assert run.exit().status is Status.PAUSED


def test_a_worker_that_sent_its_exit_message_but_does_not_exit_is_killed(tmp_path: Path) -> None:
    with run_of("stays", tmp_path, grace_periods=QUICK) as run:
        ended = run.exit()
    assert (ended.status, ended.signal) == (Status.DONE, signal.SIGKILL)


def test_no_descendant_outlives_the_run_whatever_its_session(tmp_path: Path) -> None:
    with run_of("forks", tmp_path) as run:
        assert run.exit().status is Status.DONE
        born = [int(pid) for pid in (run.folder.path / "born").read_text().split()]
    assert len(born) == 3
    assert [process_identity.start_ticks(pid) for pid in born] == [None] * 3


def test_a_python_that_does_not_exist_fails_the_run_with_its_name(tmp_path: Path) -> None:
    with keeping(make_folder(tmp_path), "/nowhere/python") as run:
        ended = run.exit()
    assert (ended.status, ended.cause.kind) == (Status.FAILED, CauseKind.ERROR)
    assert "/nowhere/python" in ended.cause.text


def test_a_run_without_a_spec_fails_with_the_reason(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    folder.spec.unlink()
    with keeping(folder, fakes.write("finished", tmp_path)) as run:
        assert "spec.json is missing" in run.exit().cause.text


def test_a_second_keeper_exits_and_changes_nothing(tmp_path: Path) -> None:
    with run_of("obeys", tmp_path) as run:
        run.wait_for("ready")
        until(lambda: run.facts().worker is not None)
        until(
            lambda: _file_facts(run.folder.path) == _file_facts_later(run.folder.path)
        )  # the first has written all
        before = _file_facts(run.folder.path)
        with keeping(run.folder, "/bin/true", attempt=2) as second:
            assert second.finish() == arguments.LOCKED
            assert "another keeper holds this run" in second.error()
        assert _file_facts(run.folder.path) == before
        run.send(word="stop")
        run.exit()


def _file_facts_later(folder: Path) -> dict[str, tuple[int, int, int]]:
    time.sleep(0.3)
    return _file_facts(folder)


def _file_facts(folder: Path) -> dict[str, tuple[int, int, int]]:
    return {
        path.name: (found.st_ino, found.st_size, found.st_mtime_ns)
        for path in folder.iterdir()
        if path.name != "worker.log"
        for found in [path.stat()]
    }


def test_an_attempt_has_one_keeper(tmp_path: Path) -> None:
    with run_of("finished", tmp_path) as run:
        run.exit()
        with keeping(run.folder, "/bin/false") as again:
            assert again.finish() == arguments.ATTEMPT_EXISTS
        assert run.exit().status is Status.DONE


def test_the_next_attempt_may_start_as_soon_as_exit_json_is_there(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    fake = fakes.write("finished", tmp_path)
    for attempt in range(1, 6):
        with keeping(folder, fake, attempt=attempt) as run:
            until(lambda: folder.exit.exists() and f'"attempt": {attempt},' in folder.exit.read_text())  # noqa: B023
            with keeping(folder, fake, attempt=attempt + 100) as later:
                assert later.finish() == 0
            assert run.finish() == 0
            folder.keeper.unlink()


def test_a_worker_detects_the_end_of_its_keeper_and_holds_the_lock_until_it_exits(tmp_path: Path) -> None:
    with run_of("outlives_keeper", tmp_path) as run:
        run.wait_for("ready")
        until(lambda: run.facts().worker is not None)
        run.process.kill()
        run.wait_for("eof")
        with keeping(run.folder, "/bin/true", attempt=2) as early:
            assert early.finish() == arguments.LOCKED
        (run.folder.path / "leave").touch()
        worker = run.facts().worker
        assert worker is not None
        until(lambda: not worker.is_alive())
        with keeping(run.folder, fakes.write("finished", tmp_path), attempt=2) as later:
            assert later.exit().attempt == 2


def test_a_flood_of_output_is_limited_and_its_end_is_kept(tmp_path: Path) -> None:
    with run_of("flood", tmp_path, environ={"FLOOD_MB": "200"}) as run:
        ended = run.exit()
    assert ended.code == 5
    logs = list(run.folder.path.glob("worker.log*"))
    assert sum(path.stat().st_size for path in logs) < 32 * 1024 * 1024
    assert any(b"the end of it" in path.read_bytes() for path in logs)


def test_files_are_private_and_the_control_is_a_fifo(tmp_path: Path) -> None:
    with run_of("obeys", tmp_path) as run:
        run.wait_for("ready")
        until(lambda: run.facts().worker is not None)
        modes = {path.name: path.stat().st_mode for path in run.folder.path.iterdir()}
        run.send(word="stop")
        run.exit()
    assert stat.S_ISFIFO(modes["control"])
    for name in ("control", "keeper.json", "worker.log", "run.lock", ".exit.json.draft", "ready"):
        assert stat.S_IMODE(modes[name]) == 0o600, name


def test_keeper_json_identifies_the_keeper_and_the_worker(tmp_path: Path) -> None:
    with run_of("obeys", tmp_path) as run:
        run.wait_for("ready")
        until(lambda: run.facts().worker is not None)
        facts = run.facts()
        assert facts.identity == process_identity.of(run.process.pid)
        assert facts.worker is not None and facts.worker.is_alive()
        assert os.getpgid(facts.worker.pid) == facts.worker.pid
        assert os.getsid(facts.worker.pid) == run.process.pid
        run.send(word="stop")
        run.exit()


def test_a_keeper_is_small_and_sleeps(tmp_path: Path) -> None:
    with run_of("obeys", tmp_path) as run:
        run.wait_for("ready")
        status = Path(f"/proc/{run.process.pid}/status").read_text()
        facts = dict(line.split(":", 1) for line in status.splitlines())
        run.send(word="stop")
        run.exit()
    assert int(facts["VmHWM"].split()[0]) < 20_000
    assert facts["Threads"].strip() == "1"
