"""What a keeper is started with, and the command line that says it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.keeper.stop_sequence import GracePeriods

MAIN = Path(__file__).resolve().parent / "__main__.py"

KEPT = 0
"""exit.json is written"""
MISUSED = 2
HELD = 3
"""another keeper holds the run"""
ALREADY_MADE = 4
"""that attempt, or a later one, had its keeper"""
UNUSABLE = 5
"""the run folder takes no files: nothing was started"""


@dataclass(frozen=True, slots=True)
class Arguments:
    folder: Path
    attempt: int
    python: str
    device: str = "cpu"
    """cpu, or the UUID of a GPU"""
    graces: GracePeriods = field(default_factory=GracePeriods)


def command(
    folder: Path, attempt: int, *, python: str, device: str = "cpu", graces: GracePeriods | None = None
) -> list[str]:
    """The command that keeps attempt `attempt` of the run in `folder`.

    `-I -S` spare it the site packages: about 15 ms and 4 MB.
    """
    line = [python, "-I", "-S", str(MAIN), str(folder), str(attempt), "--python", python, "--device", device]
    return line if graces is None else [*line, "--grace", f"{graces.ask:g},{graces.term:g}"]


def parse(words: Sequence[str], environ: Mapping[str, str]) -> Arguments:
    """Raises ValueError with the reason."""
    if len(words) < 2 or len(words) % 2:
        raise ValueError("expected RUNFOLDER ATTEMPT --python EXE [--device cpu|GPU-uuid] [--grace ASK,TERM]")
    options = dict(zip(words[2::2], words[3::2], strict=True))
    unknown = sorted(options.keys() - {"--python", "--device", "--grace"})
    if unknown or "--python" not in options:
        raise ValueError(f"unknown option {unknown[0]}" if unknown else "--python is missing")
    attempt = int(words[1])
    if attempt < 1:
        raise ValueError(f"the attempt has to be 1 or more, got {attempt}")
    graces = options.get("--grace") or environ.get("DLTUI_GRACE")
    return Arguments(
        folder=Path(os.path.abspath(words[0])),
        attempt=attempt,
        python=options["--python"],
        device=options.get("--device", "cpu"),
        graces=parse_graces(graces) if graces else GracePeriods(),
    )


def parse_graces(text: str) -> GracePeriods:
    """`30,15`: seconds to answer a word, then seconds to answer SIGTERM. Raises ValueError."""
    ask, comma, term = text.partition(",")
    try:
        graces = GracePeriods(float(ask), float(term))
    except ValueError:
        comma = ""
    if not comma or not (0 <= graces.ask < 1e6 and 0 <= graces.term < 1e6):
        raise ValueError(f"graces have to be two numbers of seconds such as 30,15, got {text!r}")
    return graces
