"""`dltui media`: the images, texts, tables and histograms that a run has logged."""

from __future__ import annotations

import base64
import json as json_format
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from engine import files
from engine.client.session import Session
from engine.errors import InputError
from engine.protocol import RunSummary
from engine.session_protocol.media import (
    HistogramHistory,
    HistogramHistoryRequest,
    LoggedMediaRequest,
    LoggedTable,
    LoggedTableRequest,
    LoggedText,
    LoggedTextRequest,
    MediaContent,
    MediaContentRequest,
    MediaPlace,
    MediaSeries,
    Picture,
    PictureRequest,
)
from engine.session_protocol.request import Request
from tui.cli.engine_call import call_engine, fail, print_json, print_lines, print_stderr, print_stdout
from tui.cli.language import call_session
from tui.cli.ls import AsJson, Run
from tui.data.csv_table import csv_lines
from tui.data.media_text import cell_text, distribution_text
from tui.data.run_text import name_of
from tui.data.value_text import aligned, short_number
from tui.terminal.plain_text import plain

LAST = 2**53
IN_A_PIPE = 100
ROWS, BAR = 16, 40
"""buckets of a printed histogram, and characters of the longest bar"""


def media(
    run: Run,
    tag: Annotated[str, typer.Argument(metavar="TAG", help="tag of what to print")] = "",
    step: Annotated[
        int | None, typer.Option(help="step: the newest at it or before (default: the newest)", min=0)
    ] = None,
    kind: Annotated[
        str, typer.Option(help="kind, where a tag has several: image, text, table or histogram")
    ] = "",
    save: Annotated[
        str, typer.Option(metavar="FILE", help="file to write it to: PNG or JPEG, text, JSON, a table .csv")
    ] = "",
    json: AsJson = False,
) -> None:
    """List or print images, texts, tables and histograms.

    Without TAG: what the run has logged.
    dltui media @last sample --step 400 prints a text; --save wrong.png writes an image to a file.
    """
    found = call_engine(lambda client: client.show(run))
    if not tag and (step is not None or save or kind):
        fail(InputError("--step, --kind and --save need a TAG.", f"dltui media {found.id} lists them."))
    if not tag:
        _print_list(
            found, call_session(lambda session: session.ask(LoggedMediaRequest(found.id))).series, json
        )
        return
    place = MediaPlace(found.id, tag, LAST if step is None else step)

    async def ask(session: Session) -> tuple[str, Any]:
        logged = await session.ask(LoggedMediaRequest(found.id))
        one = _chosen(found, logged.series, tag, kind)
        request = MediaContentRequest(one.kind, place) if save else _request(one.kind, place)
        return one.kind, await session.ask(request)

    chosen, answer = call_session(ask)
    if save:
        _save(chosen, tag, answer, Path(save))
    else:
        _PRINTED[chosen](place, answer, json)


def _request(kind: str, place: MediaPlace) -> Request[Any]:
    if kind == "image":
        size = shutil.get_terminal_size((IN_A_PIPE, 24))
        return PictureRequest(place, size.columns, 2 * max(4, size.lines - 3))
    if kind == "histogram":
        return HistogramHistoryRequest(place, 1, ROWS)
    return LoggedTextRequest(place) if kind == "text" else LoggedTableRequest(place)


def _chosen(run: RunSummary, series: Sequence[MediaSeries], tag: str, kind: str) -> MediaSeries:
    """Exits where there is none, or where several kinds have the tag."""
    found = [one for one in series if one.tag == tag and kind in ("", one.kind)]
    if not found:
        tags = ", ".join(dict.fromkeys(plain(one.tag, limit=40) for one in series[:12])) or "nothing"
        what = f"{kind} {tag[:80]!r}".strip()
        fail(InputError(f"{name_of(run)} has logged no {what}.", f"It has: {tags}."))
    if len(found) > 1:
        kinds = ", ".join(one.kind for one in found)
        fail(InputError(f"{tag[:80]!r} is the tag of several kinds: {kinds}.", f"Add --kind {found[0].kind}"))
    return found[0]


def _print_list(run: RunSummary, series: Sequence[MediaSeries], json: bool) -> None:
    if json:
        print_json([{"kind": one.kind, "tag": one.tag, "steps": one.steps} for one in series])
        return
    if not series:
        print_stderr(f"{name_of(run)} has logged no image, text, table or histogram.")
        return
    head = ("KIND", "TAG", "COUNT", "FIRST STEP", "LAST STEP")
    rows = [(one.kind, plain(one.tag, limit=200), f"{len(one.steps):,}", *_ends(one.steps)) for one in series]
    print_lines(aligned([head, *rows]))


def _ends(steps: Sequence[int]) -> tuple[str, str]:
    return f"{steps[0]:,}", f"{steps[-1]:,}"


# --- one of each kind -------------------------------------------------------------------------------------


def _image(place: MediaPlace, found: Picture, json: bool) -> None:
    facts = {"step": found.step, "width": found.width, "height": found.height, "bytes": found.size}
    if json:
        print_json({"kind": "image", "tag": place.tag, **facts})
        return
    if sys.stdout.isatty():
        _print_picture(found)
    text = f"image {place.tag}, step {found.step:,}: {found.width} x {found.height} pixels"
    print_stdout(f"{text}, {found.size:,} bytes; --save FILE writes it")


def _print_picture(found: Picture) -> None:
    """Half blocks; nothing where the terminal has no colours."""
    from rich.color import Color
    from rich.console import Console
    from rich.style import Style
    from rich.text import Text

    console = Console(highlight=False, markup=False, soft_wrap=True)
    if console.color_system in (None, "standard") or console.no_color:
        return
    pixels = base64.b64decode(found.pixels)
    across = 3 * found.columns

    def colour(x: int, y: int) -> Color | None:
        at = y * across + 3 * x
        return Color.from_rgb(*pixels[at : at + 3]) if y < found.rows else None

    for y in range(0, found.rows, 2):
        line = Text("", end="")
        for x in range(found.columns):
            line.append("▀", Style(color=colour(x, y), bgcolor=colour(x, y + 1)))
        console.print(line)


def _text(place: MediaPlace, found: LoggedText, json: bool) -> None:
    if json:
        print_json({"kind": "text", "tag": place.tag, "step": found.step, "text": found.text})
        return
    print_stdout(found.text)
    _print_step(place, found.step)
    if found.is_cut:
        print_stderr("The text is longer: --save FILE writes all of it.")


def _table(place: MediaPlace, found: LoggedTable, json: bool) -> None:
    if json:
        facts = {"step": found.step, "columns": found.columns, "rows": found.rows}
        print_json({"kind": "table", "tag": place.tag, **facts})
        return
    rows = [[cell_text(cell) for cell in row] for row in found.rows]
    print_lines(aligned([[plain(name, limit=40) for name in found.columns], *rows]))
    _print_step(place, found.step)


def _histogram(place: MediaPlace, found: HistogramHistory, json: bool) -> None:
    shares = [row[0] for row in found.shares]
    if json:
        facts = {"step": found.step, "low": found.low, "high": found.high, "shares": shares}
        print_json({"kind": "histogram", "tag": place.tag, **facts, "distribution": found.distribution})
        return
    print_lines(aligned(_bars(found, shares)))
    print_stdout(distribution_text(found.distribution))
    _print_step(place, found.step)


def _bars(found: HistogramHistory, shares: Sequence[float]) -> list[tuple[str, str]]:
    width = (found.high - found.low) / len(shares)
    return [
        (short_number(found.low + (place + 0.5) * width), "#" * round(BAR * share) or ".")
        for place, share in enumerate(shares)
    ]


def _print_step(place: MediaPlace, step: int) -> None:
    """Say at which step it was logged, unless it is the one that was named."""
    if place.step != step:
        print_stderr(f"{place.tag}, step {step:,}")


_PRINTED: dict[str, Callable[[MediaPlace, Any, bool], None]] = {
    "image": _image,
    "text": _text,
    "table": _table,
    "histogram": _histogram,
}


# --- to a file --------------------------------------------------------------------------------------------


def _save(kind: str, tag: str, found: MediaContent, path: Path) -> None:
    if path.is_dir():
        fail(InputError(f"{path} is a folder.", f"Name a file in it, as {path / f'step.{found.ending}'}"))
    if os.path.lexists(path):
        fail(InputError(f"{path} exists.", "Name another file, or remove it."))
    data = _as_csv(found) if kind == "table" and path.suffix == ".csv" else base64.b64decode(found.data)
    try:
        files.write_bytes(path, data)
    except OSError as error:
        fail(InputError(f"{path} cannot be written: {error.strerror or error}.", "Name another file."))
    print_stderr(f"{tag}, step {found.step:,}: {len(data):,} bytes in {path}")


def _as_csv(found: MediaContent) -> bytes:
    table: LoggedTable = LoggedTable(found.step, **json_format.loads(base64.b64decode(found.data)))
    names = [f"{place} {name}" for place, name in enumerate(table.columns)]  # names may repeat
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    lines = list(csv_lines(names, rows))
    lines[0] = next(iter(csv_lines(table.columns, [])))
    return "".join(lines).encode()
