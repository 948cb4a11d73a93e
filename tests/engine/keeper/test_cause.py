from __future__ import annotations

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.keeper.cause import TEXT_LIMIT, Ended, Evidence, decide, last_error, not_started, one_line
from engine.keeper.stop_sequence import StopStep
from engine.protocol import Cause, CauseKind, Status

KILLED = Ended(None, signal.SIGKILL)
CRASHED = Ended(None, signal.SIGSEGV)
LEFT = Ended(1, None)
FAILED, PAUSED, STOPPED = Status.FAILED, Status.PAUSED, Status.STOPPED


def test_what_the_worker_said_comes_before_what_it_looked_like() -> None:
    said = (Status.FAILED, Cause(CauseKind.DIVERGED, "The loss became NaN at step 7."))
    assert decide(Evidence(KILLED, said, asked="stop", rung=StopStep.KILLED, out_of_memory=True)) == said


@pytest.mark.parametrize(
    ("seen", "status", "kind"),
    [
        (Evidence(Ended(0, None)), FAILED, CauseKind.UNKNOWN),
        (Evidence(Ended(0, None), asked="pause"), PAUSED, CauseKind.PAUSED),
        (Evidence(Ended(0, None), asked="stop"), STOPPED, CauseKind.USER_STOP),
        (Evidence(KILLED), FAILED, CauseKind.SIGNAL),
        (Evidence(KILLED, out_of_memory=True), FAILED, CauseKind.HOST_MEMORY),
        (Evidence(KILLED, asked="pause", rung=StopStep.KILLED), PAUSED, CauseKind.PAUSED),
        (Evidence(KILLED, asked="stop", rung=StopStep.KILLED), STOPPED, CauseKind.USER_STOP),
        (Evidence(KILLED, asked="stop", rung=StopStep.ASKED), FAILED, CauseKind.SIGNAL),
        (Evidence(CRASHED, asked="pause", rung=StopStep.ASKED), FAILED, CauseKind.SIGNAL),
        (Evidence(LEFT, tail="x\nMemoryError\n"), FAILED, CauseKind.HOST_MEMORY),
        (Evidence(LEFT, tail="OSError: No space left on device"), FAILED, CauseKind.DISK_FULL),
        (Evidence(LEFT, tail="OSError: [Errno 27] File too large"), FAILED, CauseKind.DISK_FULL),
        (Evidence(LEFT, disk_full=True), FAILED, CauseKind.DISK_FULL),
        (Evidence(LEFT, tail="CUDA out of memory."), FAILED, CauseKind.GPU_MEMORY),
        (Evidence(LEFT, tail="KeyError: 'lr'"), FAILED, CauseKind.ERROR),
        (Evidence(Ended(7, None)), FAILED, CauseKind.ERROR),
        (Evidence(Ended(None, 64)), FAILED, CauseKind.SIGNAL),
        (
            Evidence(KILLED, asked="stop", told_by=signal.SIGTERM, rung=StopStep.KILLED), STOPPED,
            CauseKind.SIGNAL,
        ),
    ],
)  # fmt: skip
def test_each_kind_of_end_has_its_cause(seen: Evidence, status: Status, kind: CauseKind) -> None:
    found, cause = decide(seen)
    assert (found, cause.kind) == (status, kind)


def test_a_crash_while_pausing_is_called_a_crash() -> None:
    seen = Evidence(Ended(None, signal.SIGSEGV), asked="pause", checkpoint=40)
    cause = decide(seen)[1]
    assert "SIGSEGV while it was asked to pause" in cause.text
    assert "step 40" in cause.remedy


def test_without_a_checkpoint_it_says_that_all_starts_anew() -> None:
    assert "from the beginning" in decide(Evidence(KILLED))[1].remedy


def test_the_last_exception_is_found_among_other_lines() -> None:
    tail = 'Traceback:\n  File "x"\nValueError: first\nmore\ntorch.cuda.SomeError: second\nbye\n'
    assert last_error(tail) == "torch.cuda.SomeError: second"


def test_a_full_disk_at_the_start_is_named() -> None:
    assert not_started(OSError(28, "No space left on device"), "python")[1].kind is CauseKind.DISK_FULL


@given(st.text(), st.integers(0, 255), st.sampled_from(["", "pause", "stop"]), st.booleans())
def test_a_cause_is_one_printable_line_whatever_was_printed(
    tail: str, code: int, asked: str, full: bool
) -> None:
    cause = decide(Evidence(Ended(code, None), asked=asked, tail=tail, disk_full=full))[1]
    assert cause.text and cause.text.isprintable() and len(cause.text) <= TEXT_LIMIT


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable() and line == line.strip() and len(line) <= TEXT_LIMIT
