"""The command line of a keeper: built by executors, parsed by the keeper. And its exit codes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.keeper.stop_sequence import GracePeriods

MAIN = Path(__file__).resolve().parent / "__main__.py"

RECORDED = 0
"""exit.json is written"""
USAGE_ERROR = 2
LOCKED = 3
"""another process holds run.lock"""
ATTEMPT_EXISTS = 4
"""keeper.json is of this attempt or of a later one"""
FOLDER_UNUSABLE = 5
"""no file can be written in the run folder: nothing was started"""


@dataclass(frozen=True, slots=True)
class Arguments:
    folder: Path
    attempt: int
    python: str
    device: str = "cpu"
    """cpu, or the UUID of a GPU"""
    grace_periods: GracePeriods = field(default_factory=GracePeriods)


def command(
    folder: Path, attempt: int, *, python: str, device: str = "cpu", grace_periods: GracePeriods | None = None
) -> list[str]:
    """The command that starts the keeper of attempt `attempt` of the run in `folder`.

    `-I -S` skips the site packages: about 15 ms and 4 MB.
    """
    argv = [python, "-I", "-S", str(MAIN), str(folder), str(attempt), "--python", python, "--device", device]
    if grace_periods is None:
        return argv
    return [*argv, "--grace", f"{grace_periods.request:g},{grace_periods.term:g}"]


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Arguments:
    """The options; `environ` gives the grace periods (DLTUI_GRACE) where --grace is absent.

    Raises ValueError with the reason.
    """
    if len(argv) < 2 or len(argv) % 2:
        raise ValueError("expected RUNFOLDER ATTEMPT --python EXE [--device cpu|GPU-uuid] [--grace ASK,TERM]")
    options = dict(zip(argv[2::2], argv[3::2], strict=True))
    unknown = sorted(options.keys() - {"--python", "--device", "--grace"})
    if unknown or "--python" not in options:
        raise ValueError(f"unknown option {unknown[0]}" if unknown else "--python is missing")
    attempt = int(argv[1])
    if attempt < 1:
        raise ValueError(f"the attempt has to be 1 or more, got {attempt}")
    grace_periods = options.get("--grace") or environ.get("DLTUI_GRACE")
    return Arguments(
        folder=Path(os.path.abspath(argv[0])),
        attempt=attempt,
        python=options["--python"],
        device=options.get("--device", "cpu"),
        grace_periods=parse_grace_periods(grace_periods) if grace_periods else GracePeriods(),
    )


def parse_grace_periods(text: str) -> GracePeriods:
    """`30,15`: seconds to obey a command, then seconds to obey SIGTERM. Raises ValueError."""
    request, comma, term = text.partition(",")
    try:
        grace_periods = GracePeriods(float(request), float(term))
    except ValueError:
        comma = ""
    if not comma or not (0 <= grace_periods.request < 1e6 and 0 <= grace_periods.term < 1e6):
        raise ValueError(f"graces have to be two numbers of seconds such as 30,15, got {text!r}")
    return grace_periods
