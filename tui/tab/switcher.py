"""The tabs: one in front, each made when it is first opened."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.tabs import PAGES, TabName


class TabSwitcher(Container):
    """Imports a tab's module no sooner than it is opened: the first screen waits for none of them."""

    def __init__(self, context: TabContext, first: str, **widget: Any) -> None:
        super().__init__(**widget)
        self._tab_context = context
        self._made: dict[TabName, Tab] = {}
        self.runs = self._make("runs")
        self.front = self._make(known(first))
        self.runs.display = self.front is self.runs

    def compose(self) -> ComposeResult:
        yield from self._made.values()

    def __iter__(self) -> Iterator[Tab]:
        return iter(self._made.values())

    async def bring(self, name: str) -> None:
        """That tab to the front."""
        wanted = known(name)
        if wanted == self.front.NAME:
            return
        self.front.go()
        self.front = self._make(wanted)
        if not self.front.is_attached:
            await self.mount(self.front)
        self.front.come()

    def tell(self, message: Message) -> None:
        """A message to every tab."""
        for tab in self._made.values():
            if tab.is_attached:
                tab.post_message(message)

    def refetch(self) -> None:
        for tab in self._made.values():
            if tab.is_attached:
                tab.refetch()

    def _make(self, name: TabName) -> Tab:
        if name not in self._made:
            module, _, kind = PAGES[name].partition(":")
            self._made[name] = getattr(importlib.import_module(module), kind)(self._tab_context, id=name)
        return self._made[name]


def known(name: str) -> TabName:
    """The tab of that name; the runs when there is none."""
    return next((tab for tab in PAGES if tab == name), "runs")
