"""Why a worker ended: a function of what was seen."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field

from engine import signals
from engine.errors import FULL, DltuiError
from engine.keeper.stop_sequence import GracePeriods, StopStep
from engine.protocol import Cause, CauseKind, Status

TEXT_LIMIT = 400
"""characters of a cause, which has to fit one line and the bytes kept for it"""

Verdict = tuple[Status, Cause]


@dataclass(frozen=True, slots=True)
class Ended:
    """How the process left: with a code, or by a signal."""

    code: int | None
    signal: int | None
    cpu_seconds: float = 0.0
    max_rss: int = 0
    """bytes"""


@dataclass(frozen=True, slots=True)
class Evidence:
    ended: Ended
    last_words: Verdict | None = None
    asked: str = ""
    """pause or stop, when it was asked to leave"""
    told_by: int | None = None
    """the signal by which the keeper was asked, where it was not a word"""
    rung: StopStep = StopStep.CALM
    """how far the ladder was climbed"""
    graces: GracePeriods = field(default_factory=GracePeriods)
    out_of_memory: bool = False
    """the kernel killed something of ours, or nearby, for lack of memory"""
    disk_full: bool = False
    """no room was left when the worker had ended"""
    tail: str = ""
    """the end of what this attempt printed"""
    checkpoint: int = 0
    """step of the newest checkpoint; 0: there is none"""


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


def decide(seen: Evidence) -> Verdict:
    """The status and one clear line. What the worker said itself comes first."""
    if seen.last_words is not None:
        return _said(seen, *seen.last_words)
    if seen.asked and (_ended_by_ladder(seen) or seen.ended.code == 0):
        return _asked(seen)
    if seen.ended.code == 0:
        return Status.FAILED, Cause(
            CauseKind.UNKNOWN,
            "The worker exited with code 0 and did not say how training ended.",
            f"See worker.log. {_goes_on(seen)}",
        )
    return Status.FAILED, _died(seen)


def not_started(error: Exception, python: str) -> Verdict:
    """The verdict on a worker that never ran."""
    text = one_line(f"The worker could not be started: {error}".rstrip(".") + ".")
    if isinstance(error, OSError) and error.errno in FULL:
        return Status.FAILED, Cause(CauseKind.DISK_FULL, text, "Free some space, then resume.")
    if isinstance(error, DltuiError):
        return Status.FAILED, Cause(CauseKind.ERROR, text)
    return Status.FAILED, Cause(CauseKind.ERROR, text, f"Check that {python} is a Python that runs dltui.")


def one_line(text: str, limit: int = TEXT_LIMIT) -> str:
    """Printable characters on one line: what a worker prints may be anything."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _said(seen: Evidence, status: Status, cause: Cause) -> Verdict:
    if seen.told_by is not None and status is Status.STOPPED:
        cause = Cause(CauseKind.SIGNAL, signals.ended_by(seen.told_by, seen.checkpoint), _goes_on(seen))
    return status, cause


def _ended_by_ladder(seen: Evidence) -> bool:
    sent = {StopStep.TERMINATED: (signal.SIGTERM,), StopStep.KILLED: (signal.SIGTERM, signal.SIGKILL)}
    return seen.ended.signal in sent.get(seen.rung, ())


def _asked(seen: Evidence) -> Verdict:
    pausing = seen.asked == "pause"
    status = Status.PAUSED if pausing else Status.STOPPED
    kind = CauseKind.PAUSED if pausing else CauseKind.USER_STOP
    if seen.told_by is not None:
        kind = CauseKind.SIGNAL
    if seen.ended.signal is None:
        how = "the worker exited without saying whether it had saved"
    else:
        how = f"the worker did not answer within {seen.graces.ask:g} s and was ended"
        if seen.ended.signal == signal.SIGKILL:
            limit = f"{_both(seen.graces):g} s"
            how = f"the worker answered neither the request nor SIGTERM within {limit} and was killed"
    by = f"{signals.name_of(seen.told_by)} from outside: " if seen.told_by is not None else ""
    text = f"{by}{'Paused' if pausing else 'Stopped'} by force: {how}."
    return status, Cause(kind, text, _goes_on(seen))


def _both(graces: GracePeriods) -> float:
    return graces.ask + graces.term


def _died(seen: Evidence) -> Cause:
    hint = _hint(seen.tail)
    while_asked = f" while it was asked to {seen.asked}" if seen.asked else ""
    if seen.ended.signal == signal.SIGKILL and seen.out_of_memory:
        kind, text, remedy, _ = _HINTS[2]
        return Cause(kind, f"{text}: the kernel killed the worker{while_asked}.", remedy)
    if hint is not None:
        kind, text, remedy, line = hint
        return Cause(kind, one_line(f"{text}{while_asked}: {line}"), remedy)
    if seen.disk_full:
        kind, text, remedy, _ = _HINTS[1]
        return Cause(kind, f"{text}: the worker exited{while_asked} when no disk space remained.", remedy)
    if seen.ended.signal is not None:
        name = signals.name_of(seen.ended.signal)
        return Cause(
            CauseKind.SIGNAL,
            one_line(f"Ended by {name}{while_asked}{_meaning(seen.ended.signal)}."),
            f"See worker.log. {_goes_on(seen)}",
        )
    line = last_error(seen.tail)
    text = f"The worker exited with code {seen.ended.code}{while_asked}" + (f": {line}" if line else ".")
    return Cause(CauseKind.ERROR, one_line(text), f"See worker.log. {_goes_on(seen)}")


def _hint(tail: str) -> tuple[CauseKind, str, str, str] | None:
    """The newest line that names a known cause."""
    for line in reversed(tail.splitlines()):
        for kind, text, remedy, pattern in _HINTS:
            if pattern.search(line):
                return kind, text, remedy, one_line(line, 240)
    return None


def last_error(tail: str) -> str:
    """The last line that looks like the head of an exception; empty when there is none."""
    for line in reversed(tail.splitlines()):
        if _ERROR_LINE.match(line):
            return one_line(line, 300)
    return ""


_MEANINGS = {
    signal.SIGKILL: ": somebody or the system killed it",
    signal.SIGTERM: ": somebody or the system ended it",
    signal.SIGSEGV: ": a crash in native code",
    signal.SIGABRT: ": native code gave up",
    signal.SIGILL: ": an instruction this CPU does not know",
    signal.SIGBUS: ": often a full /dev/shm or disk under a mapped file",
    signal.SIGXCPU: ": the limit of CPU time was reached",
    signal.SIGXFSZ: ": the limit of file size was reached",
}


def _meaning(number: int) -> str:
    return next((text for known, text in _MEANINGS.items() if known == number), "")


def _goes_on(seen: Evidence) -> str:
    if seen.checkpoint:
        return f"Resume continues from step {seen.checkpoint}."
    return "There is no checkpoint: resume starts from the beginning."
