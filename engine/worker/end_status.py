"""The status and the cause, in one line, with which a run ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from errno import EFBIG
from signal import SIGTERM

from checkpoints.errors import CheckpointError, MismatchedCheckpoint, NotFinite, SaveFailed
from engine import ending_signals
from engine.errors import (
    FULL,
    DataError,
    Diverged,
    DltuiError,
    ParamError,
    ResumeRefused,
    UnknownExperiment,
)
from engine.protocol import Cause, CauseKind, Json, Status

TEXT_LIMIT = 400
"""characters in the text of a cause"""
LOG = "worker.log has the details."


class StopReason(StrEnum):
    """Why the training loop is asked to stop. A later member takes precedence over an earlier one."""

    ORPHANED = "orphaned"
    SIGNALLED = "signalled"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Ending:
    status: Status
    cause: Cause

    @property
    def is_good(self) -> bool:
        """The run did not fail."""
        return self.status is not Status.FAILED

    def facts(self) -> Json:
        cause = {"kind": str(self.cause.kind), "text": self.cause.text, "remedy": self.cause.remedy}
        return {"status": str(self.status), "cause": cause}


def finished(
    step: int,
    reason: StopReason | None,
    prune_reason: str = "",
    signal_number: int | None = None,
    saved: int = 0,
    total: int = 0,
) -> Ending:
    """The loop returned, by itself if `reason` is None. A stop with a `prune_reason` was a pruning.

    `signal_number`: the signal received, if any. `saved`: step of the newest checkpoint, 0 for none.
    `total`: the planned steps, 0 if unknown.
    """
    at = f"at step {step}"
    early = f" of {total}: ended by its stopping rule (target, patience)" if step < total else ""
    if reason is StopReason.STOP and prune_reason:
        text = one_line(f"Pruned {at}: {prune_reason}.")
        return Ending(Status.STOPPED, Cause(CauseKind.PRUNED, text, "Resume continues from there."))
    status, kind, text = {
        None: (Status.DONE, CauseKind.FINISHED, f"Finished {at}{early}."),
        StopReason.PAUSE: (Status.PAUSED, CauseKind.PAUSED, f"Paused {at}."),
        StopReason.STOP: (Status.STOPPED, CauseKind.USER_STOP, f"Stopped by its user {at}."),
        StopReason.SIGNALLED: (
            Status.STOPPED,
            CauseKind.SIGNAL,
            ending_signals.ended_by(signal_number or SIGTERM, saved),
        ),
        StopReason.ORPHANED: (
            Status.LOST,
            CauseKind.KEEPER_LOST,
            f"Its keeper died; the worker saved and exited {at}.",
        ),
    }[reason]
    remedy = "Resume continues from there." if reason else ""
    if reason is StopReason.SIGNALLED and not saved:
        remedy = "There is no checkpoint: resume starts from the beginning."
    return Ending(status, Cause(kind, text, remedy))


def failed(error: BaseException) -> Ending:
    """The ending of a loop that raised `error`."""
    kind, remedy = _kind(error)
    return Ending(Status.FAILED, Cause(kind, one_line(_message(error)), remedy))


def _message(error: BaseException) -> str:
    if isinstance(error, (DltuiError, CheckpointError)):
        return error.message
    name = type(error).__name__
    return f"{name}: {error}" if str(error) else name


def one_line(text: str) -> str:
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return shown if len(shown) <= TEXT_LIMIT else shown[: TEXT_LIMIT - 1] + "…"


_CAUSES: tuple[tuple[type[BaseException], CauseKind], ...] = (
    (DataError, CauseKind.BAD_DATA),
    (ParamError, CauseKind.BAD_PARAMS),
    (UnknownExperiment, CauseKind.BAD_PARAMS),
    (Diverged, CauseKind.DIVERGED),
    (NotFinite, CauseKind.DIVERGED),
    (MismatchedCheckpoint, CauseKind.RESUME_REFUSED),
    (ResumeRefused, CauseKind.RESUME_REFUSED),
)


def _kind(error: BaseException) -> tuple[CauseKind, str]:
    for family, kind in _CAUSES:
        if isinstance(error, family):
            return kind, str(getattr(error, "remedy", ""))
    if is_disk_full(error):
        return CauseKind.DISK_FULL, f"{_disk_remedy(error)}, then resume."
    if type(error).__name__ == "OutOfMemoryError":  # PyTorch's, matched by name: not every worker imports it
        return (
            CauseKind.GPU_MEMORY,
            "Use a smaller batch, or wait until other processes have left the GPU; then resume.",
        )
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return CauseKind.HOST_MEMORY, "Use a smaller batch or model, or fewer runs at once; then resume."
    return CauseKind.ERROR, str(getattr(error, "remedy", "")) or LOG


def unsaved(ended: Ending, error: SaveFailed, saved: int) -> Ending:
    """`ended`, with a cause that adds that the last checkpoint was not saved.

    `saved` is the step of the newest checkpoint, 0 for none.
    """
    kind = CauseKind.DISK_FULL if is_disk_full(error) else CauseKind.ERROR
    has = f"the newest is of step {saved}" if saved else "there is none"
    text = f"{ended.cause.text} Its last checkpoint was not saved, {has}: {error.message}"
    goes_on = f"continues from step {saved}" if saved else "starts from the beginning"
    return Ending(ended.status, Cause(kind, one_line(text), f"{_disk_remedy(error)}; resume {goes_on}."))


def _disk_remedy(error: BaseException) -> str:
    """The remedy for a full disk or a file size limit."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError):
            return "Raise the limit of file size (ulimit -f)" if found.errno == EFBIG else "Free some space"
        found = found.__cause__
    return "Look at the disk"


def is_disk_full(error: BaseException) -> bool:
    if isinstance(error, SaveFailed) and error.__cause__ is not None:
        return is_disk_full(error.__cause__)
    return isinstance(error, OSError) and error.errno in FULL
