from __future__ import annotations

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.keeper.cause import TEXT_LIMIT, Evidence, ProcessExit, decide, last_error, not_started, one_line
from engine.keeper.stop_sequence import StopStep
from engine.protocol import Cause, CauseKind, Status

KILLED = ProcessExit(None, signal.SIGKILL)
CRASHED = ProcessExit(None, signal.SIGSEGV)
LEFT = ProcessExit(1, None)
FAILED, PAUSED, STOPPED = Status.FAILED, Status.PAUSED, Status.STOPPED


def test_the_exit_message_takes_precedence_over_other_evidence() -> None:
    sent = (Status.FAILED, Cause(CauseKind.DIVERGED, "The loss became NaN at step 7."))
    assert (
        decide(Evidence(KILLED, sent, requested="stop", stop_step=StopStep.KILLED, out_of_memory=True))
        == sent
    )


@pytest.mark.parametrize(
    ("seen", "status", "kind"),
    [
        (Evidence(ProcessExit(0, None)), FAILED, CauseKind.UNKNOWN),
        (Evidence(ProcessExit(0, None), requested="pause"), PAUSED, CauseKind.PAUSED),
        (Evidence(ProcessExit(0, None), requested="stop"), STOPPED, CauseKind.USER_STOP),
        (Evidence(KILLED), FAILED, CauseKind.SIGNAL),
        (Evidence(KILLED, out_of_memory=True), FAILED, CauseKind.HOST_MEMORY),
        (Evidence(KILLED, requested="pause", stop_step=StopStep.KILLED), PAUSED, CauseKind.PAUSED),
        (Evidence(KILLED, requested="stop", stop_step=StopStep.KILLED), STOPPED, CauseKind.USER_STOP),
        (Evidence(KILLED, requested="stop", stop_step=StopStep.REQUESTED), FAILED, CauseKind.SIGNAL),
        (Evidence(CRASHED, requested="pause", stop_step=StopStep.REQUESTED), FAILED, CauseKind.SIGNAL),
        (Evidence(LEFT, log_tail="x\nMemoryError\n"), FAILED, CauseKind.HOST_MEMORY),
        (Evidence(LEFT, log_tail="OSError: No space left on device"), FAILED, CauseKind.DISK_FULL),
        (Evidence(LEFT, log_tail="OSError: [Errno 27] File too large"), FAILED, CauseKind.DISK_FULL),
        (Evidence(LEFT, disk_full=True), FAILED, CauseKind.DISK_FULL),
        (Evidence(LEFT, log_tail="CUDA out of memory."), FAILED, CauseKind.GPU_MEMORY),
        (Evidence(LEFT, log_tail="KeyError: 'lr'"), FAILED, CauseKind.ERROR),
        (Evidence(ProcessExit(7, None)), FAILED, CauseKind.ERROR),
        (Evidence(ProcessExit(None, 64)), FAILED, CauseKind.SIGNAL),
        (
            Evidence(KILLED, requested="stop", request_signal=signal.SIGTERM, stop_step=StopStep.KILLED),
            STOPPED, CauseKind.SIGNAL,
        ),
    ],
)  # fmt: skip
def test_each_kind_of_end_has_its_cause(seen: Evidence, status: Status, kind: CauseKind) -> None:
    found, cause = decide(seen)
    assert (found, cause.kind) == (status, kind)


def test_a_crash_while_pausing_is_reported_as_a_crash() -> None:
    seen = Evidence(ProcessExit(None, signal.SIGSEGV), requested="pause", checkpoint=40)
    cause = decide(seen)[1]
    assert "SIGSEGV while it was asked to pause" in cause.text
    assert "step 40" in cause.remedy


def test_without_a_checkpoint_the_remedy_is_to_start_from_the_beginning() -> None:
    assert "from the beginning" in decide(Evidence(KILLED))[1].remedy


def test_the_last_exception_is_found_among_other_lines() -> None:
    tail = 'Traceback:\n  File "x"\nValueError: first\nmore\ntorch.cuda.SomeError: second\nbye\n'
    assert last_error(tail) == "torch.cuda.SomeError: second"


def test_a_full_disk_at_the_start_is_named() -> None:
    assert not_started(OSError(28, "No space left on device"), "python")[1].kind is CauseKind.DISK_FULL


@given(st.text(), st.integers(0, 255), st.sampled_from(["", "pause", "stop"]), st.booleans())
def test_a_cause_is_one_printable_line_whatever_was_printed(
    tail: str, code: int, requested: str, full: bool
) -> None:
    cause = decide(Evidence(ProcessExit(code, None), requested=requested, log_tail=tail, disk_full=full))[1]
    assert cause.text and cause.text.isprintable() and len(cause.text) <= TEXT_LIMIT


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable() and line == line.strip() and len(line) <= TEXT_LIMIT
