"""`Run` as a training loop uses it."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from checkpoints import folder as checkpoint_folder
from checkpoints.errors import MismatchedCheckpoint, SaveFailed
from engine import events, fold, store
from engine.errors import Diverged
from engine.events import EventWriter, replay
from engine.protocol import Cause, CauseKind, Status
from engine.served_checkpoint import served_step
from engine.service.runs.event_summary import RunStats
from engine.worker import run_attempt
from engine.worker.end_status import StopReason
from engine.worker.run import Run
from tests.engine.worker.attempts import (
    ScriptedPipe,
    curve,
    make_run,
    new_run,
    read_events,
    train,
    weights,
)
from tests.fakes import counter
from tests.fakes.tally import Tally


def test_a_run_logs_its_events_from_started_to_ended(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=3)
    train(folder)
    kinds = [event.kind for event in read_events(folder) if event.kind != "metrics"]
    assert kinds == ["started", "checkpoint", "ended"]
    started = read_events(folder, "started")[0].facts
    assert (started["attempt"], started["total_steps"], started["device"]) == (1, 3, "cpu")
    assert list(curve(folder, "loss")) == [1, 2, 3]
    assert read_events(folder, "checkpoint")[0].facts["weights_sha256"] == weights(folder)[1]
    assert folder.beat.exists()


@pytest.mark.parametrize("word", ["pause", "stop"])
def test_a_command_ends_the_loop_at_the_step_at_which_it_is_received(tmp_path: Path, word: str) -> None:
    folder = new_run(tmp_path, "counter", steps=50)
    run = train(folder, ScriptedPipe({7: {"word": word}}))
    assert (run.step, run.stop_reason) == (7, StopReason(word))
    assert weights(folder)[0] == 7


def test_a_stop_takes_precedence_over_a_pause_and_a_signal(tmp_path: Path) -> None:
    run, _ = make_run(new_run(tmp_path, "counter"))
    run.total(10)
    for why in (StopReason.SIGNALLED, StopReason.STOP, StopReason.PAUSE, StopReason.ORPHANED):
        run.request_stop(why)
    assert run.should_stop
    assert run.stop_reason is StopReason.STOP


def test_a_run_paused_at_its_last_step_is_done(tmp_path: Path) -> None:
    run = train(new_run(tmp_path, "counter", steps=7), ScriptedPipe({7: {"word": "pause"}}))
    assert run.stop_reason is None


def test_the_end_of_the_pipe_makes_it_save_and_stop(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=50)
    run = train(folder, ScriptedPipe(cut_after=9))
    assert (run.step, run.stop_reason) == (9, StopReason.ORPHANED)
    assert weights(folder)[0] == 9


def test_a_run_paused_at_every_step_ends_with_the_weights_of_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = new_run(tmp_path, "counter", steps=12)
    train(whole)
    parts = new_run(tmp_path, "counter", steps=12)
    for step in range(1, 13):
        train(parts, ScriptedPipe({step: {"word": "pause"}}), number=step)
    assert weights(parts) == weights(whole)
    assert curve(parts, "loss") == curve(whole, "loss")


def test_a_set_command_is_logged_and_applied_from_the_next_step(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=6)
    train(folder, ScriptedPipe({3: {"word": "set", "name": "pace", "value": 5}}))
    plain = new_run(tmp_path, "counter", steps=6)
    train(plain)
    assert read_events(folder, "set")[0].facts == {"step": 3, "name": "pace", "value": 5.0, "version": 2}
    ours, theirs = curve(folder, "loss"), curve(plain, "loss")
    assert [step for step in ours if ours[step] != theirs[step]] == [4, 5, 6]


def test_an_invalid_set_command_is_a_note_and_changes_nothing(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=3)
    words = {1: {"word": "set", "name": "pace", "value": "fast"}, 2: {"word": "set"}}
    run = train(folder, ScriptedPipe(words))
    assert run.set == {"pace": 1.0}
    assert [event.facts["severity"] for event in read_events(folder, "note")] == ["warning", "warning"]
    assert read_events(folder, "set") == []


def test_changes_between_checkpoint_and_crash_are_applied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {4: {"word": "set", "name": "pace", "value": 3}, 8: {"word": "set", "name": "pace", "value": 7}}
    whole = new_run(tmp_path, "counter", steps=20)
    train(whole, ScriptedPipe(words))
    for crash_at in range(1, 20):
        folder = new_run(tmp_path, "counter", steps=20)
        _crash_after(folder, save_at=3, crash_at=crash_at, words=words)
        later = {step: word for step, word in words.items() if step > crash_at}
        train(folder, ScriptedPipe(later), number=2)
        assert weights(folder) == weights(whole), f"crashed at {crash_at}"
        assert curve(folder, "loss") == curve(whole, "loss")


def _crash_after(folder: store.RunFolder, save_at: int, crash_at: int, words: dict) -> None:
    """The loop of `counter`, ended without saving or closing anything."""
    run, _ = make_run(folder, ScriptedPipe(words))
    tally = Tally()
    run.total(20)
    run.restore(tally)
    for step in range(1, crash_at + 1):
        run.log(step, loss=tally.count(run.set["pace"]))
        run.checkpoint(step)
        if step == save_at:
            run.save()
        assert not run.should_stop


def test_points_of_the_crashed_attempt_are_rewound(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=20)
    _crash_after(folder, save_at=3, crash_at=9, words={})
    train(folder, number=2)
    assert [event.facts for event in read_events(folder, "restored")] == [{"step": 3}]
    assert list(curve(folder, "loss")) == list(range(1, 21))


def test_without_any_checkpoint_all_points_are_rewound(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=20)
    _crash_after(folder, save_at=99, crash_at=9, words={})
    train(folder, number=2)
    assert [event.facts for event in read_events(folder, "restored")] == [{"step": 0}]
    assert list(curve(folder, "loss")) == list(range(1, 21))


def test_a_damaged_checkpoint_is_named_and_an_older_one_used(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=9)
    whole = new_run(tmp_path, "counter", steps=9)
    train(whole)
    for number, step in ((1, 4), (2, 6)):
        train(folder, ScriptedPipe({step: {"word": "pause"}}), number=number)
    damaged = folder.checkpoints / checkpoint_folder.name_of(6) / "state.json"
    damaged.write_bytes(damaged.read_bytes()[:-3])
    train(folder, number=3)
    assert read_events(folder, "restored")[-1].facts == {"step": 4}
    assert "step-00000006" in read_events(folder, "note")[-1].facts["text"]
    assert weights(folder) == weights(whole)


def test_a_loss_that_is_not_finite_ends_the_run_and_stays_on_the_curve(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "nan", at=5)
    with pytest.raises(Diverged, match="loss became nan at step 5"):
        train(folder)
    assert list(curve(folder, "loss"))[-1] == 5
    assert curve(folder, "loss")[5] == "nan"
    assert checkpoint_folder.listing(folder.checkpoints) == []


def test_checkpoints_are_saved_after_every_step_when_the_interval_is_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "0")
    folder = new_run(tmp_path, "counter", steps=5)
    train(folder)
    assert [event.facts["step"] for event in read_events(folder, "checkpoint")] == [1, 2, 3, 4, 5]


def test_a_full_disk_is_a_note_and_training_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "0")
    monkeypatch.setattr(checkpoint_folder.DISK.__class__, "free", lambda disk, path: 0)
    folder = new_run(tmp_path, "counter", steps=3)
    run, _ = make_run(folder)
    tally = Tally()
    run.total(3)
    run.restore(tally)
    for step in (1, 2, 3):
        run.log(step, loss=tally.count(1))
        run.checkpoint(step)
    notes = read_events(folder, "note")
    assert [event.facts["severity"] for event in notes] == ["danger"] * 3
    assert "was not saved" in notes[0].facts["text"]


def test_a_later_save_logs_that_the_problem_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "0")
    free = [0]
    monkeypatch.setattr(checkpoint_folder.DISK.__class__, "free", lambda disk, path: free[0])
    folder = new_run(tmp_path, "counter", steps=4)
    run, _ = make_run(folder)
    tally = Tally()
    run.total(4)
    run.restore(tally)
    for step in (1, 2, 3, 4):
        free[0] = 1 << 40 if step == 3 else 0
        run.log(step, loss=tally.count(1))
        run.checkpoint(step)
    notes = [(event.facts["severity"], event.facts["text"]) for event in read_events(folder, "note")]
    assert [severity for severity, _ in notes] == ["danger", "danger", "ok", "danger"]
    assert notes[2][1] == "Step 3 was saved: disk space is available again."
    stats = RunStats()
    for event in replay(folder.events):
        fold.add(event, stats)
        if event.facts.get("severity") == "ok":
            assert stats.note == ""
    assert "step 4 was not saved" in stats.note


def test_the_last_checkpoint_may_use_the_reserved_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "0")
    monkeypatch.setattr(
        checkpoint_folder.DISK.__class__, "free", lambda disk, path: checkpoint_folder.RESERVE // 2
    )
    folder = new_run(tmp_path, "counter", steps=3)
    run, chosen = make_run(folder)
    ended = run_attempt._train(lambda: counter.train, chosen, run, run_attempt.SignalHandler())
    assert ended.cause == Cause(CauseKind.FINISHED, "Finished at step 3.")
    assert checkpoint_folder.steps(folder.checkpoints) == [3], (
        "the earlier ones did not fit above the reserve"
    )
    assert "was not saved" in read_events(folder, "note")[0].facts["text"]


def test_a_run_whose_last_save_failed_is_done_and_names_the_missing_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "0")
    seen: list[int] = []

    def free(disk: object, path: Path) -> int:
        seen.append(1)
        return 1 << 40 if len(seen) == 1 else 0

    monkeypatch.setattr(checkpoint_folder.DISK.__class__, "free", free)
    folder = new_run(tmp_path, "counter", steps=3)
    run, chosen = make_run(folder)
    ended = run_attempt._train(lambda: counter.train, chosen, run, run_attempt.SignalHandler())
    assert (ended.status, ended.cause.kind) == (Status.DONE, CauseKind.DISK_FULL)
    assert ended.cause.text.startswith(
        "Finished at step 3. Its last checkpoint was not saved, the newest is of step 1: "
    )
    assert ended.cause.remedy == "Free some space; resume continues from step 1."


def test_events_are_synced_before_a_checkpoint_after_them_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut the events are those of the last fsync: each checkpoint needs its curve in them."""
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "0")
    folder = new_run(tmp_path, "counter", steps=5)
    synced: list[bytes] = []
    acknowledged: list[tuple[int, bytes]] = []
    real, acknowledge = os.fsync, Run._acknowledge

    def fsync(fd: int) -> None:
        real(fd)
        if os.path.samestat(os.fstat(fd), os.stat(folder.events)):
            synced.append(folder.events.read_bytes())

    def noted(run: Run, found: checkpoint_folder.CheckpointInfo, seconds: float) -> None:
        acknowledged.append((found.step, synced[-1]))
        acknowledge(run, found, seconds)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Run, "_acknowledge", noted)
    train(folder)
    assert [step for step, _ in acknowledged] == [1, 2, 3, 4, 5]
    for step, survived in acknowledged:
        lines = [events.parse(line) for line in survived.splitlines()]
        steps = [at for e in lines if e.kind == "metrics" for at in e.facts["series"]["loss"][0]]
        assert steps == list(range(1, step + 1))


def test_no_checkpoint_is_saved_when_the_events_cannot_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(writer: EventWriter) -> bool:
        raise OSError(errno.EIO, "Input/output error")

    folder = new_run(tmp_path, "counter", steps=2)
    run, _ = make_run(folder)
    run.restore(Tally())
    run.log(1, loss=1.0)
    monkeypatch.setattr(EventWriter, "sync", broken)
    with pytest.raises(SaveFailed, match="its events cannot be written: Input/output error"):
        run.save()
    assert checkpoint_folder.steps(folder.checkpoints) == []


def saved(folder: store.RunFolder, **data: str) -> None:
    run, _ = make_run(folder)
    if "title" in data:
        run.trains_on(data["title"], data["fingerprint"])
    run.pin(data=data["pinned"], kernels="torch")
    run.restore(Tally())
    run.log(1, loss=1.0)
    run.save()


@pytest.mark.parametrize("mode", ["strict", "fast"])
@pytest.mark.parametrize("data", [{}, {"title": "MNIST", "fingerprint": "abc"}])
def test_a_resume_with_other_data_is_refused_before_anything_is_saved(
    tmp_path: Path, mode: str, data: dict[str, str]
) -> None:
    folder = new_run(tmp_path, "counter", steps=9)
    saved(folder, pinned="abc", **data)
    again, _ = make_run(folder, number=2, mode=mode)
    with pytest.raises(MismatchedCheckpoint) as refused:
        if data:
            again.trains_on("the images of /d", "xyz")
        again.pin(data="xyz")
    assert "abc" in refused.value.message and "xyz" in refused.value.message
    assert all(("MNIST" in refused.value.message, "of /d" in refused.value.message)) is bool(data)
    assert (
        "fast" not in f"{refused.value.message} {refused.value.remedy}" and "\n" not in refused.value.message
    )
    again.log_started()
    assert read_events(folder, "started")[-1].facts["data"] == {}


def test_the_first_event_names_the_training_data(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=9)
    saved(folder, title="MNIST", fingerprint="abc", pinned="abc")
    assert read_events(folder, "started")[0].facts["data"] == {"title": "MNIST", "fingerprint": "abc"}
    again, _ = make_run(folder, number=2)
    again.trains_on("MNIST elsewhere", "abc")
    again.pin(data="abc", kernels="torch")
    assert again.restore(Tally()) == 1


def test_other_kernels_are_refused_by_an_exact_resume_but_not_by_a_fast_one(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=9)
    saved(folder, pinned="abc")
    again, _ = make_run(folder, number=2)
    again.pin(data="abc", kernels="swift")
    with pytest.raises(MismatchedCheckpoint, match="kernels was torch, is swift"):
        again.restore(Tally())
    fast, _ = make_run(folder, number=3, mode="fast")
    fast.pin(data="abc", kernels="swift")
    assert fast.restore(Tally()) == 1


def test_a_loop_that_does_not_read_should_stop_is_seen_while_it_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.worker.run.UNREAD_SECONDS", 0.0)
    folder = new_run(tmp_path, "counter")
    run, _ = make_run(folder, ScriptedPipe(), poll_seconds=0.02)
    run.log(1, loss=0.5)
    assert curve(folder, "loss") == {1: 0.5}
    assert folder.beat.exists()


def test_a_step_costs_less_than_15_microseconds_while_nothing_is_due(tmp_path: Path) -> None:
    run, _ = make_run(new_run(tmp_path, "counter"), ScriptedPipe(), poll_seconds=0.02)
    run.restore(Tally())

    def cost(steps: int) -> float:
        began = time.process_time()
        for step in range(1, steps + 1):
            run.log(step, loss=0.5)
            run.checkpoint(step)
            assert not run.should_stop
        return (time.process_time() - began) / steps

    assert min(cost(5_000) for _ in range(5)) < 15e-6


def test_the_event_file_of_a_long_run_stays_small(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter")
    run, _ = make_run(folder, ScriptedPipe(), poll_seconds=0.02)
    run.restore(Tally())
    for step in range(1, 200_001):
        run.log(step, loss=1 / step if step != 150_001 else 9.75)
        run.checkpoint(step)
        assert not run.should_stop
    run._event_log.close(run.step)
    assert os.path.getsize(folder.events) < 3_000_000
    points = curve(folder, "loss")
    assert points[150_001] == 9.75 and 200_000 in points


def test_the_first_value_of_a_metric_at_a_step_is_kept_with_one_warning(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=3)
    run, _ = make_run(folder)
    for step, value in ((1, 0.5), (2, 0.25), (2, 9.0), (1, 9.0), (3, 0.125)):
        run.log(step, loss=value)
    run._event_log.close(3, status="done", cause={})
    points = [event.facts["series"]["loss"] for event in read_events(folder, "metrics")]
    assert [step for steps, _ in points for step in steps] == [1, 2, 3]
    assert curve(folder, "loss") == {1: 0.5, 2: 0.25, 3: 0.125}
    assert len(read_events(folder, "note")) == 1
    assert "loss: a value for step 2 is ignored" in read_events(folder, "note")[0].facts["text"]


def test_an_attempt_that_logs_its_final_metrics_again_writes_no_second_value(tmp_path: Path) -> None:
    """Killed after its last checkpoint, when the final metrics were already written."""
    folder = new_run(tmp_path, "counter", steps=3)
    train(folder)
    first, _ = make_run(folder, number=2)
    first.restore(Tally())
    first.log(3, test_loss=0.5)
    first._event_log.flush(include_bucket=True)
    second, _ = make_run(folder, number=3)
    second.restore(Tally())
    second.log(3, test_loss=0.75, loss=9.0)
    second.log(4, loss=0.1)
    second._event_log.close(4, status="done", cause={})
    series = [event.facts["series"] for event in read_events(folder, "metrics")]
    assert [one["test_loss"] for one in series if "test_loss" in one] == [[[3], [0.5]]]
    assert list(curve(folder, "loss")) == [1, 2, 3, 4]
    assert not read_events(folder, "note")


def test_the_best_weights_outlive_later_checkpoints_and_are_found_by_the_next_attempt(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter", steps=9)
    run, _ = make_run(folder)
    run.total(9, epoch=2)
    tally = Tally()
    run.restore(tally)
    for step in range(1, 10):
        run.log(step, loss=tally.count(1))
        run.checkpoint(step, is_best=step in (2, 4))
        run.save()
    run._event_log.close(9, status="done", cause={})
    assert checkpoint_folder.steps(folder.checkpoints) == [4, 7, 8, 9]
    found = served_step(folder.checkpoints)
    assert found is not None and found.description == "best epoch's weights (epoch 2, step 4)"
    again, _ = make_run(folder, number=2)
    again.total(10, epoch=2)
    again.restore(tally)
    again.log(10, loss=tally.count(1))
    again.checkpoint(10)
    again.save()
    assert checkpoint_folder.steps(folder.checkpoints) == [4, 8, 9, 10]
    assert served_step(folder.checkpoints) == found


@pytest.mark.parametrize("mode", ["strict", "fast"])
@pytest.mark.parametrize("before", [{"title": "texts", "fingerprint": "bytes"}, {}])
def test_a_corpus_that_is_now_read_differently_is_reported_as_such_and_not_as_another_corpus(
    tmp_path: Path, mode: str, before: dict[str, str]
) -> None:
    folder = new_run(tmp_path, "counter", steps=9)
    saved(folder, pinned="words of then", **before)
    again, _ = make_run(folder, number=2, mode=mode)
    again.trains_on("texts", "bytes")
    with pytest.raises(MismatchedCheckpoint) as refused:
        again.pin(data="words of now")
    message = refused.value.message
    assert (
        "texts is the text it was trained on" if before else "it changed, or is read otherwise now"
    ) in message
    assert "<unk>" in message and "words of the" in message and "words of now" in message
    assert "\n" not in message
    assert "start a new run" in refused.value.remedy and "Restore" not in refused.value.remedy


def test_what_a_run_uses_of_its_machine_is_logged_at_its_step_and_is_in_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(tmp_path, "counter")
    run, _ = make_run(folder)
    run.restore(Tally())
    run.log(7, loss=0.5)
    run._system.due_at = 0.0
    assert not run.should_stop
    (event,) = read_events(folder, "system")
    assert event.facts["step"] == 7 and {"cores", "cpu", "rss"} <= event.facts.keys()
    assert not run.should_stop and len(read_events(folder, "system")) == 1, "the next one is due later"
    run.save()
    assert "system" not in str(run._checkpoints.recorded())
    monkeypatch.setenv("DLTUI_SYSTEM_SECONDS", "0")
    assert make_run(new_run(tmp_path / "other", "counter"))[0]._system.due_at == float("inf")
