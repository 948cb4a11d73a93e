"""The REPL with small language models and a session in the test's own process."""

from __future__ import annotations

from tests.fakes.app_pilot import AppPilot
from tui.repl.tab import ReplTab


def tab(opened: AppPilot) -> ReplTab:
    return opened.app.query_one(ReplTab)


async def open_repl(opened: AppPilot, *words: str) -> None:
    await opened.press("6")
    await opened.until(lambda: opened.app.query(ReplTab) and tab(opened).models.is_known)
    await opened.shows(*words)


class Typist:
    """Types text; characters are mapped to the names of their keys."""

    NAMES = {"/": "slash", "_": "underscore", "@": "at", "?": "question_mark"}  # noqa: RUF012

    def __init__(self, opened: AppPilot) -> None:
        self._opened = opened

    async def type(self, text: str) -> None:
        for sign in text:
            if sign in self.NAMES:
                await self._opened.press(self.NAMES[sign])
            else:
                await self._opened.type(sign)

    async def submit(self, line: str) -> None:
        await self.type(line)
        await self._opened.press("enter")
