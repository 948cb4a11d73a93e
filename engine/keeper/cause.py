"""Decide the status and the cause of an attempt from what was observed of its worker. Pure functions."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field

from engine import ending_signals
from engine.errors import FULL, DltuiError
from engine.exec.script_end import RESUME_REMEDY
from engine.keeper.stop_sequence import GracePeriods, StopStep
from engine.protocol import Cause, CauseKind, Status

TEXT_LIMIT = 400
"""characters of a cause: it has to fit one line, and the bytes reserved for exit.json"""

Verdict = tuple[Status, Cause]


@dataclass(frozen=True, slots=True)
class ProcessExit:
    """How a process ended: with an exit code, or by a signal."""

    code: int | None
    signal: int | None
    cpu_seconds: float = 0.0
    max_rss: int = 0
    """bytes"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a worker that ended."""

    process: ProcessExit
    exit_message: Verdict | None = None
    requested: str = ""
    """pause or stop, when it was requested"""
    request_signal: int | None = None
    """the signal that made the keeper stop the run; None: a command did, or nothing"""
    stop_step: StopStep = StopStep.NOT_REQUESTED
    """the last step of the stop sequence that was taken"""
    grace_periods: GracePeriods = field(default_factory=GracePeriods)
    out_of_memory: bool = False
    """the kernel killed a process for lack of memory, in our control group or elsewhere on the machine"""
    disk_full: bool = False
    """the disk was full after the worker had ended"""
    log_tail: str = ""
    """the end of what this attempt printed"""
    checkpoint: int = 0
    """step of the newest checkpoint; 0: there is none"""
    is_command: bool = False
    """whether it is the run of a command, whose worker ends as the command did"""

    @property
    def subject(self) -> str:
        return "command" if self.is_command else "worker"


_HINTS: tuple[tuple[CauseKind, str, str, re.Pattern[str]], ...] = (
    (
        CauseKind.GPU_MEMORY,
        "The GPU ran out of memory",
        "Use a smaller batch, or wait until other processes have left the GPU; then resume.",
        re.compile(
            r"CUDA out of memory|CUDA error: out of memory|OutOfMemoryError|CUDNN_STATUS_ALLOC_FAILED"
            r"|CUBLAS_STATUS_ALLOC_FAILED|OOM when allocating"
        ),
    ),
    (
        CauseKind.DISK_FULL,
        "The disk is full",
        "Free some space, then resume.",
        re.compile(
            r"No space left on device|Disk quota exceeded|File too large|\bENOSPC\b|\bEDQUOT\b|\bEFBIG\b"
        ),
    ),
    (
        CauseKind.HOST_MEMORY,
        "The machine ran out of memory",
        "Use a smaller batch or model, or fewer runs at once; then resume.",
        re.compile(r"MemoryError|Cannot allocate memory|can't allocate memory|std::bad_alloc"),
    ),
)
_ERROR_LINE = re.compile(
    r"^(?:[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Diverged|Refused)\b.*|Fatal .+)$"
)


def decide(evidence: Evidence) -> Verdict:
    """The status and a cause of one line. The worker's own exit message takes precedence."""
    if evidence.exit_message is not None:
        return _from_exit_message(evidence, *evidence.exit_message)
    if evidence.requested and (_ended_by_stop_sequence(evidence) or evidence.process.code == 0):
        return _forced(evidence)
    if evidence.process.code == 0:
        return Status.FAILED, Cause(
            CauseKind.UNKNOWN,
            "The worker exited with code 0 and did not say how training ended.",
            f"See worker.log. {_resume_note(evidence)}",
        )
    return Status.FAILED, _failure(evidence)


def not_started(error: Exception, python: str) -> Verdict:
    """The verdict where the worker could not be started. `python`: the interpreter that was tried."""
    text = one_line(f"The worker could not be started: {error}".rstrip(".") + ".")
    if isinstance(error, OSError) and error.errno in FULL:
        return Status.FAILED, Cause(CauseKind.DISK_FULL, text, "Free some space, then resume.")
    if isinstance(error, DltuiError):
        return Status.FAILED, Cause(CauseKind.ERROR, text)
    return Status.FAILED, Cause(CauseKind.ERROR, text, f"Check that {python} is a Python that runs dltui.")


def one_line(text: str, limit: int = TEXT_LIMIT) -> str:
    """The printable characters of `text` on one line, cut to `limit` characters."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _from_exit_message(evidence: Evidence, status: Status, cause: Cause) -> Verdict:
    if evidence.request_signal is not None and status is Status.STOPPED:
        text = ending_signals.ended_by(evidence.request_signal, evidence.checkpoint)
        if evidence.is_command:
            name = ending_signals.name_of(evidence.request_signal)
            text = cause.text.replace("Stopped by its user", f"{name} from outside", 1)
        cause = Cause(CauseKind.SIGNAL, text, _resume_note(evidence))
    return status, cause


def _ended_by_stop_sequence(evidence: Evidence) -> bool:
    """Whether it ended by a signal that the keeper had sent."""
    sent = {StopStep.TERMINATED: (signal.SIGTERM,), StopStep.KILLED: (signal.SIGTERM, signal.SIGKILL)}
    return evidence.process.signal in sent.get(evidence.stop_step, ())


def _forced(evidence: Evidence) -> Verdict:
    """Of a worker that was requested to leave and sent no exit message."""
    pausing = evidence.requested == "pause"
    status = Status.PAUSED if pausing else Status.STOPPED
    kind = CauseKind.PAUSED if pausing else CauseKind.USER_STOP
    if evidence.request_signal is not None:
        kind = CauseKind.SIGNAL
    who = evidence.subject
    if evidence.process.signal is None:
        how = f"the {who} exited without saying whether it had saved"
    else:
        how = f"the {who} did not answer within {evidence.grace_periods.request:g} s and was ended"
        if evidence.process.signal == signal.SIGKILL:
            limit = f"{evidence.grace_periods.request + evidence.grace_periods.term:g} s"
            how = f"the {who} answered neither the request nor SIGTERM within {limit} and was killed"
    number = evidence.request_signal
    by = f"{ending_signals.name_of(number)} from outside: " if number is not None else ""
    text = f"{by}{'Paused' if pausing else 'Stopped'} by force: {how}."
    return status, Cause(kind, text, _resume_note(evidence))


def _failure(evidence: Evidence) -> Cause:
    who, hint = evidence.subject, _hint(evidence.log_tail)
    while_requested = f" while it was asked to {evidence.requested}" if evidence.requested else ""
    if evidence.process.signal == signal.SIGKILL and evidence.out_of_memory:
        kind, text, remedy, _ = _HINTS[2]
        return Cause(kind, f"{text}: the kernel killed the {who}{while_requested}.", remedy)
    if hint is not None:
        kind, text, remedy, line = hint
        return Cause(kind, one_line(f"{text}{while_requested}: {line}"), remedy)
    if evidence.disk_full:
        kind, text, remedy, _ = _HINTS[1]
        return Cause(
            kind,
            f"{text}: the {who} exited{while_requested} when no disk space remained.",
            remedy,
        )
    if evidence.process.signal is not None:
        name = ending_signals.name_of(evidence.process.signal)
        return Cause(
            CauseKind.SIGNAL,
            one_line(f"Ended by {name}{while_requested}{_signal_hint(evidence.process.signal)}."),
            f"See worker.log. {_resume_note(evidence)}",
        )
    line = last_error(evidence.log_tail) or (_last_line(evidence.log_tail) if evidence.is_command else "")
    text = f"The {who} exited with code {evidence.process.code}{while_requested}" + (
        f": {line}" if line else "."
    )
    return Cause(CauseKind.ERROR, one_line(text), f"See worker.log. {_resume_note(evidence)}")


def _hint(tail: str) -> tuple[CauseKind, str, str, str] | None:
    """The newest line that matches a known cause: its kind, text, remedy and the line."""
    for line in reversed(tail.splitlines()):
        for kind, text, remedy, pattern in _HINTS:
            if pattern.search(line):
                return kind, text, remedy, one_line(line, 240)
    return None


def last_error(tail: str) -> str:
    """The last line that looks like the message of an exception; empty when there is none."""
    for line in reversed(tail.splitlines()):
        if _ERROR_LINE.match(line):
            return one_line(line, 300)
    return ""


def _last_line(tail: str) -> str:
    lines = [line for line in tail.splitlines() if line.strip()]
    return one_line(lines[-1], 300) if lines else ""


_SIGNAL_HINTS = {
    signal.SIGKILL: ": somebody or the system killed it",
    signal.SIGTERM: ": somebody or the system ended it",
    signal.SIGSEGV: ": a crash in native code",
    signal.SIGABRT: ": native code gave up",
    signal.SIGILL: ": an instruction this CPU does not know",
    signal.SIGBUS: ": often a full /dev/shm or disk under a mapped file",
    signal.SIGXCPU: ": the limit of CPU time was reached",
    signal.SIGXFSZ: ": the limit of file size was reached",
}


def _signal_hint(number: int) -> str:
    return next((text for known, text in _SIGNAL_HINTS.items() if known == number), "")


def _resume_note(evidence: Evidence) -> str:
    if evidence.is_command:
        return RESUME_REMEDY
    if evidence.checkpoint:
        return f"Resume continues from step {evidence.checkpoint}."
    return "There is no checkpoint: resume starts from the beginning."
