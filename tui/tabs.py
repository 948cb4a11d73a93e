"""The tabs of the app, in the order of their digit keys."""

from __future__ import annotations

from typing import Literal, NamedTuple

TabName = Literal["runs", "xor", "sweep", "mnist", "language", "repl", "learn"]


class TabEntry(NamedTuple):
    name: TabName
    title: str
    page: str
    """module:class, imported when the tab is first opened; empty: the app does not show the tab"""
    short: str = ""
    """a shorter title, for narrow terminals"""


TABS = (
    TabEntry("runs", "Runs", "tui.runs.tab:RunsTab"),
    TabEntry("xor", "XOR", "tui.xor.tab:XorTab"),
    TabEntry("sweep", "Sweep", "tui.sweeps.tab:SweepTab", "Swp"),
    TabEntry("mnist", "MNIST", "tui.mnist.tab:MnistTab"),
    TabEntry("language", "Language", "tui.language.tab:LanguageTab", "Lang"),
    TabEntry("repl", "REPL", "tui.repl.tab:ReplTab"),
    TabEntry("learn", "Learn", "tui.learn.tab:LearnTab"),
)
TITLES = {entry.name: entry.title for entry in TABS}
PAGES = {entry.name: entry.page for entry in TABS if entry.page}
