"""Every ending has a status and a cause of one line."""

from __future__ import annotations

import errno

import pytest

from checkpoints.errors import MismatchedCheckpoint, NotFinite, SaveFailed
from engine.errors import DataError, Diverged, ParamError, UnknownExperiment
from engine.worker import end_status
from engine.worker.end_status import StopReason


class OutOfMemoryError(RuntimeError):
    """Has the name of PyTorch's error."""


def save_failed(number: int) -> SaveFailed:
    error = SaveFailed(__import__("pathlib").Path("/x"), 3, "why", 0)
    error.__cause__ = OSError(number, "why")
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DataError("no labels"), "bad_data"),
        (ParamError("lr: no"), "bad_params"),
        (UnknownExperiment("no"), "bad_params"),
        (Diverged("loss became nan at step 3."), "diverged"),
        (NotFinite("model:w", 3), "diverged"),
        (MemoryError(), "host_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 3 TiB"), "host_memory"),
        (OutOfMemoryError("CUDA out of memory."), "gpu_memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (save_failed(errno.EDQUOT), "disk_full"),
        (save_failed(errno.EFBIG), "disk_full"),
        (OSError(errno.EFBIG, "File too large"), "disk_full"),
        (save_failed(errno.EIO), "error"),
        (MismatchedCheckpoint("another torch"), "resume_refused"),
        (ZeroDivisionError("division by zero"), "error"),
        (SystemExit(3), "error"),
        (KeyboardInterrupt(), "error"),
    ],
)
def test_every_error_has_its_cause(error: BaseException, kind: str) -> None:
    ended = end_status.failed(error)
    assert (ended.status, ended.cause.kind) == ("failed", kind)
    assert ended.cause.text and "\n" not in ended.cause.text
    assert not ended.is_good


def test_a_file_size_limit_has_its_own_remedy() -> None:
    assert "ulimit -f" in end_status.failed(save_failed(errno.EFBIG)).cause.remedy
    assert end_status.failed(save_failed(errno.ENOSPC)).cause.remedy == "Free some space, then resume."


def test_an_error_is_named_on_one_printable_line() -> None:
    text = end_status.failed(ValueError("a\nb\x1b[31m" + "c" * 9999)).cause.text
    assert text.startswith("ValueError: a b [31mccc")
    assert len(text) == end_status.TEXT_LIMIT


@pytest.mark.parametrize(
    ("reason", "status", "kind"),
    [
        (None, "done", "finished"),
        (StopReason.PAUSE, "paused", "paused"),
        (StopReason.STOP, "stopped", "user_stop"),
        (StopReason.SIGNALLED, "stopped", "signal"),
        (StopReason.ORPHANED, "lost", "keeper_lost"),
    ],
)
def test_a_loop_that_returns_ends_with_the_status_of_its_stop_reason(
    reason: StopReason | None, status: str, kind: str
) -> None:
    ended = end_status.finished(12, reason, saved=12)
    assert (ended.status, ended.cause.kind) == (status, kind)
    assert "step 12" in ended.cause.text
    assert ended.is_good


def test_a_training_that_ended_before_its_last_step_names_its_stopping_rule() -> None:
    early = end_status.finished(330, None, total=1000).cause.text
    assert early == "Finished at step 330 of 1000: ended by its stopping rule (target, patience)."
    assert end_status.finished(1000, None, total=1000).cause.text == "Finished at step 1000."
    assert end_status.finished(5, None).cause.text == "Finished at step 5."
