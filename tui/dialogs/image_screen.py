"""Dialog with one picture in the terminal's image protocol."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from tui.dialogs.dialog import Dialog, KeyLine


class ImageScreen(Dialog[None]):
    """Requires `tui.terminal.image_protocol.prepare`; the picture is an array (rows, columns, 3) of bytes."""

    DEFAULT_CSS = """
    ImageScreen Vertical.sharp { width: 96%; height: 96%; }
    ImageScreen .picture { width: auto; height: 1fr; }
    """

    def __init__(self, title: str, picture: Any) -> None:
        super().__init__()
        self._title, self._picture = title, picture

    def compose(self) -> ComposeResult:
        import PIL.Image
        from textual_image.widget import Image as Shown

        with Vertical(classes="dialog sharp") as box:
            box.border_title = Content(self._title)
            yield Shown(PIL.Image.fromarray(self._picture), classes="picture")
            yield KeyLine((("dialog.cancel", "back"),))

    def action_accept(self) -> None:
        self.dismiss(None)
