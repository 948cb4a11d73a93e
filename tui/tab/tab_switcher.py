"""Shows one tab at a time; each is created when it is first opened."""

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
    """Imports the module of a tab when the tab is opened, so that the first screen imports one page only."""

    def __init__(self, context: TabContext, first: str, **widget: Any) -> None:
        super().__init__(**widget)
        self._tab_context = context
        self._tabs: dict[TabName, Tab] = {}
        self.runs = self._create("runs")
        self.active_tab = self._create(tab_named(first))
        self.runs.display = self.active_tab is self.runs

    def compose(self) -> ComposeResult:
        yield from self._tabs.values()

    def on_mount(self) -> None:
        self.call_after_refresh(self._open_first)

    def _open_first(self) -> None:
        if not self.active_tab.is_open:
            self.active_tab.activate()

    def __iter__(self) -> Iterator[Tab]:
        return iter(self._tabs.values())

    async def switch_to(self, name: str) -> None:
        """Show the tab of that name and hide the one shown before."""
        target = tab_named(name)
        if target == self.active_tab.NAME:
            return
        self.active_tab.deactivate()
        self.active_tab = self._create(target)
        if not self.active_tab.is_attached:
            await self.mount(self.active_tab)
        self.active_tab.activate()

    def broadcast(self, message: Message) -> None:
        """Post a message to every tab that was created."""
        for tab in self._tabs.values():
            if tab.is_attached:
                tab.post_message(message)

    def refresh_data(self) -> None:
        for tab in self._tabs.values():
            if tab.is_attached:
                tab.refresh_data()

    def _create(self, name: TabName) -> Tab:
        """The tab of that name, created at the first call."""
        if name not in self._tabs:
            module, _, kind = PAGES[name].partition(":")
            self._tabs[name] = getattr(importlib.import_module(module), kind)(self._tab_context, id=name)
        return self._tabs[name]


def tab_named(name: str) -> TabName:
    """`name` where a tab has it, else `runs`."""
    return next((tab for tab in PAGES if tab == name), "runs")
