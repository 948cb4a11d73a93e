"""The images, texts, tables and histograms of the shown runs, by tag and step, side by side."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Region

from engine import files
from engine.client.session import Session, Superseded
from engine.errors import DltuiError, InputError
from engine.session_protocol.media import (
    LoggedMedia,
    LoggedMediaRequest,
    MediaContentRequest,
    MediaPlace,
    PictureRequest,
)
from engine.session_protocol.request import Request
from tui.data.run_actions import notify_worker_error
from tui.data.value_text import plural
from tui.dialogs.dialog import APP_BINDINGS, Dialog, KeyLine
from tui.dialogs.text_prompt import TextPrompt
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.runs.grid_choice import matcher
from tui.runs.media_sheet import MediaColumn, MediaSheet, ShownMedia, TagList
from tui.runs.media_tags import TagOfRuns, newest, tags_of
from tui.terminal import image_protocol
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.line_widget import Line
from tui.ui.span import Row, Span, row_width
from tui.ui.start_worker import start_worker

LOOK_SECONDS = 0.5
"""between two looks whether more was logged"""
SHARP = (1_600, 1_200)
"""pixels of an image in the terminal's own protocol"""
_NOT_IN_A_NAME = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class MediaRun:
    """A run that is shown."""

    id: str
    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class MediaSource:
    """What the screen needs of the tab."""

    session: Session
    runs: Sequence[MediaRun]
    """the first is the one that others are compared with"""
    selected: str
    """the run that is saved and shown sharp"""
    step: int | None
    """to begin with, that of the crosshair; None: the last"""
    count: Callable[[str], int]
    """how many items the events of a run have had so far"""
    value: Callable[[str, int], str]
    """the metric of the chart of a run at a step, as text"""
    on_step: Callable[[int], None]
    """called with each step that is chosen"""


class MediaScreen(Dialog[None]):
    SCOPE: ClassVar[Scope] = "media"
    BINDINGS = all_keys.bindings(SCOPE) + APP_BINDINGS
    AUTO_FOCUS = ""
    CSS = """
    MediaScreen .media { width: 100%; height: 100%; max-width: 100%; max-height: 100%; }
    MediaScreen .media Sheet { height: 1fr; max-height: 100%; margin: 0; }
    MediaScreen #media-tags { width: 30; margin: 0 2 0 0; }
    MediaScreen.-narrow #media-tags { width: 24; margin: 0 1 0 0; }
    MediaScreen.-alone #media-tags { display: none; }
    MediaScreen #media-body { height: 1fr; }
    """

    def __init__(self, source: MediaSource) -> None:
        super().__init__()
        self._source = source
        self._logged: dict[str, LoggedMedia] = {}
        self._counts: dict[str, int] = {}
        self._failed = ""
        self._all_tags: list[TagOfRuns] = []
        self._tags: list[TagOfRuns] = []
        """those that pass the filter"""
        self._where = self._problem = ""
        """the filter, and why it is no regular expression"""
        self._key: tuple[str, str] | None = None
        """kind and tag that are shown"""
        self._step = source.step
        """None: the last one, also when later ones come"""
        self._is_difference = False
        self._asked: set[Request[Any]] = set()
        self._list = TagList(id="media-tags")
        self._sheet = MediaSheet(self._ask, id="media-sheet")
        self._slider = MediaSlider(id="media-slider")

    def compose(self) -> ComposeResult:
        runs = self._source.runs
        with Vertical(classes="dialog media") as box:
            what = plain(runs[0].name, limit=60) if len(runs) == 1 else f"{len(runs)} runs"
            box.border_title = Content(f"images, texts, tables, histograms of {what}")
            with Horizontal(id="media-body"):
                yield self._list
                yield self._sheet
            yield self._slider
            yield KeyLine(
                (("media.later", "step"), ("media.next_tag", "tag"), ("media.difference", "difference"),
                 ("media.back", "back"), ("media.save", "save"), ("media.filter", "filter"),
                 ("media.sharp", "sharp"), ("media.scroll_down", "scroll"), ("media.list", "list"))
            )  # fmt: skip

    def on_mount(self) -> None:
        super().on_mount()
        self._look()
        self.set_interval(LOOK_SECONDS, self._look)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def refresh(self, *regions: Region, **how: bool) -> Self:
        """Regions are those of the tab below, which it covers: all would be sent again for each of them."""
        return self if regions else super().refresh(**how)

    def on_worker_state_changed(self, event: Any) -> None:
        notify_worker_error(self, event)

    # --- what there is ---------------------------------------------------------------------------------

    def _look(self) -> None:
        """List what was logged, of runs that have logged more since."""
        for run in self._source.runs:
            count = self._source.count(run.id)
            if self._counts.get(run.id) != count:
                self._counts[run.id] = count
                start_worker(self, self._load_list, run.id, group=f"list {run.id}", exclusive=True)

    async def _load_list(self, run: str) -> None:
        try:
            self._logged[run] = await self._source.session.ask(LoggedMediaRequest(run), f"media {run}")
        except Superseded:
            return
        except DltuiError as error:
            self._failed = str(error)
        order = [one.id for one in self._source.runs if one.id in self._logged]
        self._all_tags = tags_of({one: self._logged[one] for one in order})
        self._sheet.expire()
        self._filter_tags(self._where)

    def _filter_tags(self, where: str) -> None:
        self._where = where
        passes, self._problem = matcher(where)
        self._tags = [one for one in self._all_tags if passes(one.tag)]
        if self._tags and self._key not in [one.key for one in self._tags]:
            self._key = self._tags[0].key
        self._show()

    # --- what is shown ---------------------------------------------------------------------------------

    @property
    def _tag(self) -> TagOfRuns | None:
        return next((one for one in self._tags if one.key == self._key), None)

    @property
    def step(self) -> int | None:
        """The chosen step; None without media."""
        tag = self._tag
        if tag is None:
            return None
        return tag.steps[-1] if self._step is None else tag.steps[tag.place_of(self._step)]

    def _show(self) -> None:
        tag, step = self._tag, self.step
        note = f"{len(self._tags):,} of {len(self._all_tags):,}: {plain(self._where, limit=80)}"
        note = self._problem or (note if self._where else "")
        cursor = self._tags.index(tag) if tag is not None else 0
        self._list.update(self._tags, cursor, note)
        if tag is None or step is None:
            self._sheet.show(None, self._empty_text())
            self._slider.update(None, 0, "")
            return
        columns = [self._column(tag, run, step) for run in self._source.runs if run.id in tag.by_run]
        self._sheet.show(ShownMedia(tag.kind, tag.tag, step, columns))
        without, left_out = len(self._source.runs) - len(columns), len(columns) - self._sheet.columns_that_fit
        notes = [
            *([f"{plural(without, 'run')} without it"] if without else []),
            *([f"no room for {plural(left_out, 'run')}"] if left_out > 0 else []),
        ]
        self._slider.update(tag.steps, tag.place_of(step), ", ".join(notes))

    def _empty_text(self) -> str:
        if len(self._logged) < len(self._source.runs):
            return self._failed or "loading"
        if self._all_tags:
            return f"No tag passes the filter {plain(self._where, limit=80)}; / changes it."
        return (
            "Nothing was logged beside numbers. A script does it by dltui_track.image, text, table and "
            "histogram, an experiment by run.image and so on."
        )

    def _column(self, tag: TagOfRuns, run: MediaRun, step: int) -> MediaColumn:
        steps = tag.by_run[run.id]
        at = newest(steps, step)
        before, name = self._reference(tag, run, at) if self._is_difference and at is not None else (None, "")
        value = self._source.value(run.id, at) if at is not None else ""
        return MediaColumn(run.id, plain(run.name, limit=80), run.hue, at, steps[0], before, name, value)

    def _reference(self, tag: TagOfRuns, run: MediaRun, at: int) -> tuple[MediaPlace | None, str]:
        """What a run is compared with: the first run that has the tag, or of one run the step before."""
        step = self.step
        if len(self._source.runs) == 1:
            earlier = newest(tag.by_run[run.id], at - 1)
            found = MediaPlace(run.id, tag.tag, earlier) if earlier is not None else None
            return found, f"step {earlier:,}" if earlier is not None else ""
        first = next((one for one in self._source.runs if one.id in tag.by_run), None)
        there = tag.at(first.id, step) if first is not None and step is not None else None
        if first is None or there is None or first.id == run.id:
            return None, ""
        return MediaPlace(first.id, tag.tag, there), plain(first.name, limit=40)

    def _ask(self, request: Request[Any]) -> None:
        if request not in self._asked:
            self._asked.add(request)
            start_worker(self, self._load, request, group="answers")

    async def _load(self, request: Request[Any]) -> None:
        key = f"{type(request).__name__} {getattr(getattr(request, 'place', None), 'run', request)}"
        try:
            answer: Any = await self._source.session.ask(request, newest=key)
        except Superseded:
            return
        except DltuiError as error:
            answer = error
        finally:
            self._asked.discard(request)
        self._sheet.answer(request, answer)

    # --- keys ------------------------------------------------------------------------------------------

    def action_scrub(self, by: int) -> None:
        tag, step = self._tag, self.step
        if tag is not None and step is not None:
            self._go_to(tag, tag.place_of(step) + by)

    def action_scrub_to(self, end: int) -> None:
        if (tag := self._tag) is not None:
            self._go_to(tag, end * (len(tag.steps) - 1))

    def _go_to(self, tag: TagOfRuns, place: int) -> None:
        place = max(0, min(place, len(tag.steps) - 1))
        self._step = tag.steps[place]
        self._source.on_step(self._step)
        if place == len(tag.steps) - 1:
            self._step = None
        self._show()

    def action_tag(self, by: int) -> None:
        if (tag := self._tag) is not None:
            place = max(0, min(self._tags.index(tag) + by, len(self._tags) - 1))
            self._key = self._tags[place].key
            self._show()

    def action_difference(self) -> None:
        self._is_difference = not self._is_difference
        self._show()

    def action_scroll_rows(self, by: int) -> None:
        self._sheet.action_scroll(by * max(1, self._sheet.size.height // 2))

    def action_shift_columns(self, by: int) -> None:
        self._sheet.shift_columns(by)

    def action_toggle_list(self) -> None:
        self.toggle_class("-alone")
        self.call_after_refresh(self._show)

    def action_filter(self) -> None:
        async def accept(text: str) -> str:
            self._filter_tags(text.strip())
            return text

        about = "Part of a name, or a regular expression; empty: all tags."
        self.app.push_screen(TextPrompt("filter the tags", self._where, about, "filter", accept))

    # --- one of them -----------------------------------------------------------------------------------

    def _chosen(self) -> tuple[TagOfRuns, MediaRun, MediaPlace] | None:
        """What is shown of the selected run, else of the first one that has it."""
        tag, step = self._tag, self.step
        if tag is None or step is None:
            return None
        runs = sorted(self._source.runs, key=lambda run: run.id != self._source.selected)
        for run in runs:
            if (at := tag.at(run.id, step)) is not None:
                return tag, run, MediaPlace(run.id, tag.tag, at)
        return None

    def action_save(self) -> None:
        if (chosen := self._chosen()) is None:
            return
        tag, run, place = chosen
        ending = {"image": "png", "text": "txt"}.get(tag.kind, "json")
        name = _NOT_IN_A_NAME.sub("-", f"{run.name}-{tag.tag}-{place.step}").strip("-")
        title = (
            f"save {tag.kind} {plain(tag.tag, limit=40)} of {plain(run.name, limit=40)}, step {place.step:,}"
        )
        about = f"A path; the folder of the app is {os.getcwd()}"

        async def save(path: str) -> str:
            return await self._write(tag.kind, place, Path(path.strip()).expanduser())

        def done(text: str | None) -> None:
            if text:
                self.app.notify(plain(text, limit=400), markup=False)

        self.app.push_screen(TextPrompt(title, f"{name}.{ending}", about, "save", save), done)

    async def _write(self, kind: str, place: MediaPlace, path: Path) -> str:
        """Raises DltuiError."""
        if os.path.lexists(path):
            raise InputError(f"{path} exists.", "Name another file.")
        found = await self._source.session.ask(MediaContentRequest(kind, place))
        data = base64.b64decode(found.data)
        try:
            files.write_bytes(path, data)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
        return f"{len(data):,} bytes are in {path}."

    def action_sharp(self) -> None:
        chosen = self._chosen()
        if chosen is None or chosen[0].kind != "image":
            return
        if not image_protocol.is_prepared():
            self.app.notify(image_protocol.INSTALL_HINT, markup=False, timeout=8)
            return
        start_worker(self, self._show_sharp, chosen[1], chosen[2], group="sharp", exclusive=True)

    async def _show_sharp(self, run: MediaRun, place: MediaPlace) -> None:
        from tui.dialogs.image_screen import ImageScreen
        from tui.drawings.pixel_rows import decoded

        try:
            found = await self._source.session.ask(PictureRequest(place, *SHARP))
        except DltuiError as error:
            self.app.notify(plain(str(error), limit=400), severity="error", markup=False)
            return
        title = plain(f"{run.name}: {place.tag}, step {found.step:,}", limit=120)
        self.app.push_screen(ImageScreen(title, decoded(found.pixels, found.rows, found.columns)))


class MediaSlider(Line):
    """The steps of the tag as a line with a mark at the chosen one."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._steps: Sequence[int] | None = None
        self._place = 0
        self._note = ""

    def update(self, steps: Sequence[int] | None, place: int, note: str) -> None:
        self._steps, self._place, self._note = steps, place, note
        self.draw()

    def row(self, width: int) -> Row:
        if not self._steps:
            return ()
        count, at = len(self._steps), self._steps[self._place]
        label = Span(f"step {at:,}  ", "text")
        counter = Span(f"  {self._place + 1:,} of {count:,}", "muted")
        note = Span(f"  {self._note}", "warn") if self._note else Span("")
        room = max(4, width - row_width((label, counter, note)))
        mark = round((room - 1) * self._place / max(1, count - 1))
        rule, dot = glyphs().rule, glyphs().mark
        return (
            label,
            Span(rule * mark, "line"),
            Span(dot, "key"),
            Span(rule * (room - 1 - mark), "line"),
            counter,
            note,
        )
