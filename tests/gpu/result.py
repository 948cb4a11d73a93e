"""One line of what was found on a GPU machine, and the table of all of them."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path

from engine.places import Places
from tests.end_to_end.home import ROOT, Home

OPEN = "not done"
"""what `found` says where nothing was measured; `note` says why"""


@dataclass(frozen=True, slots=True)
class GpuResult:
    part: str
    what: str
    found: str
    must: str = ""
    """the bound; empty where there is none"""
    aim: str = ""
    is_met: bool | None = None
    """None without a bound, or where it was not measured"""
    note: str = ""

    @property
    def sign(self) -> str:
        return {True: "ok", False: "NO", None: "-"}[self.is_met]


@dataclass(frozen=True, slots=True)
class GpuSetting:
    """What every part gets."""

    device: str
    """cuda; cpu where there is no GPU: small sizes, to try the script itself"""
    data: Path | None
    """a folder with mnist/ and text/"""
    folder: Path
    """an empty one"""
    until: float = inf
    """when the part has to end, on the monotonic clock"""

    @property
    def on_gpu(self) -> bool:
        return self.device == "cuda"

    def size(self, gpu: int, cpu: int) -> int:
        return gpu if self.on_gpu else cpu

    def has_seconds(self, needed: float) -> bool:
        """Whether so many seconds of the part are left."""
        return time.monotonic() + needed < self.until


Results = Iterator[GpuResult]


def home_of(setting: GpuSetting) -> Home:
    """A home with the data, offline; its processes find the packages that this one finds."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environ = {"DLTUI_DATA": str(setting.data or ""), "DLTUI_OFFLINE": "1", "PYTHONPATH": path}
    return Home(Places(setting.folder / "home"), environ)


def dropped(part: str, what: str) -> GpuResult:
    return not_done(part, what, "dropped: the seconds of this part are used; --only gives it all of them")


def not_done(part: str, what: str, why: str) -> GpuResult:
    return GpuResult(part, what, OPEN, note=why)


def ratio(part: str, what: str, ours: float, theirs: float, unit: str, must: float, aim: float) -> GpuResult:
    """`ours` and `theirs` are rates; the bound is a ratio, at least."""
    times = ours / theirs
    return GpuResult(
        part, what, f"{ours:,.0f} {unit}, {times:.1f} times {theirs:,.0f}", f"{must:g} times",
        f"{aim:g} times", times >= must,
    )  # fmt: skip


def seconds(part: str, what: str, took: float, must: float, aim: float | None = None) -> GpuResult:
    """The bound is a time, at most."""
    return GpuResult(
        part, what, f"{took:.3f} s", f"{must:g} s", "" if aim is None else f"{aim:g} s", took <= must
    )


def check(part: str, what: str, is_right: bool, found: str = "", note: str = "") -> GpuResult:
    return GpuResult(part, what, found or ("yes" if is_right else "no"), "yes", "", is_right, note)


def append(path: Path, result: GpuResult) -> None:
    """A line of JSON, on disk when this returns: what was measured survives whatever ends the script."""
    with path.open("a") as file:
        file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
        file.flush()


def short(text: str, limit: int = 64) -> str:
    """For a row; the whole text is in the line on disk."""
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def table(results: Iterable[GpuResult]) -> list[str]:
    rows = [("", "part", "what", "found", "must", "aim")]
    rows += [(r.sign, r.part, r.what, short(r.found), r.must, r.aim) for r in results]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


@contextlib.contextmanager
def defaults_of_torch() -> Iterator[None]:
    """A textbook's program sets none of the switches of an exact resume."""
    import torch

    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.deterministic = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.deterministic = True
