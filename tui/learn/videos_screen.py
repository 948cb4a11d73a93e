"""The videos of a lecture: opened in a browser where there is one, else as a QR code."""

from __future__ import annotations

import os
import shutil
import webbrowser
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content

from engine.session_protocol.learn import LectureVideo
from tui.dialogs.dialog import Dialog, KeyLine
from tui.keys import all_keys
from tui.learn.cursor_list import CursorList, ListRow, cursor_sign
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import clock
from tui.ui.span import Row, Span, clipped

ADDRESS = "https://youtu.be/"
QUIET = 4
"""modules of a QR code around it that stay light"""


class VideosScreen(Dialog[None]):
    """`i` shows the QR code of the video under the cursor instead of the list, and back."""

    CSS = "VideosScreen CursorList { height: auto; max-height: 80vh; margin: 1 0; }"
    BINDINGS = [  # noqa: RUF012
        *all_keys.bindings("videos"),
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
    ]

    def __init__(self, videos: Sequence[LectureVideo]) -> None:
        super().__init__()
        self._videos = videos
        self._shows_code = False
        self.entries = CursorList(self._rows)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = Content("videos")
            yield self.entries
            opened = "browser" if has_browser() else "address"
            yield KeyLine((("dialog.accept", opened), ("videos.code", "QR code"), ("dialog.cancel", "back")))

    @property
    def video(self) -> LectureVideo:
        return self._videos[self.entries.cursor]

    def _rows(self, width: int, cursor: int) -> Sequence[ListRow]:
        if self._shows_code:
            address = f"youtu.be/{self.video.id}"
            title: Row = (Span(plain(self.video.title, limit=90), "strong"),)
            rows = [clipped(title, width), (Span(address, "link"),), (), *code_rows(address)]
            return [(row, cursor) for row in rows]
        return [
            (clipped(row, width), place)
            for place, video in enumerate(self._videos)
            for row in video_rows(video, place == cursor)
        ]

    def action_move(self, by: int) -> None:
        self.entries.move_to(max(0, min(self.entries.cursor + by, len(self._videos) - 1)))
        self.entries.draw()

    def action_code(self) -> None:
        self._shows_code = not self._shows_code
        self.entries.draw()
        self.entries.refresh(layout=True)

    def action_accept(self) -> None:
        address = ADDRESS + self.video.id
        if has_browser():
            webbrowser.open(address)
            self.app.notify(f"The browser opens {address}", markup=False)
        else:
            self.app.notify(f"There is no browser here: {address}", markup=False, timeout=20)

    def action_cancel(self) -> None:
        if self._shows_code:
            self.action_code()
        else:
            self.dismiss(None)


def has_browser() -> bool:
    """Whether a browser with a window can be opened here."""
    has_window = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return bool(os.environ.get("BROWSER")) or (has_window and shutil.which("xdg-open") is not None)


def video_rows(video: LectureVideo, is_here: bool) -> list[Row]:
    length = clock(video.seconds) if video.seconds else "length not known"
    checked = f"checked {video.checked}" if video.checked else "never opened by us"
    return [
        (cursor_sign(is_here), Span(plain(video.title, limit=120), "strong" if is_here else "text")),
        (Span(f"     {plain(video.channel, limit=60)}, {length}, {checked}", "muted"),),
    ]


def code_rows(address: str) -> list[Row]:
    """A QR code, two modules a cell: 33 x 17 cells for an address of a video."""
    import segno

    modules = [list(row) for row in segno.make(address, error="L", micro=False).matrix_iter(border=QUIET)]
    if len(modules) % 2:
        modules.append([0] * len(modules[0]))
    light = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    if glyphs().ascii_only:
        return [(Span("".join("  " if dark else "##" for dark in row)),) for row in modules]
    pairs = zip(modules[::2], modules[1::2], strict=True)
    return [
        (Span("".join(light[bool(a), bool(b)] for a, b in zip(up, low, strict=True)), "strong"),)
        for up, low in pairs
    ]
