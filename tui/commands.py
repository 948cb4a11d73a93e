"""The command palette: every key as a command, every run, every theme."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Provider
from textual.content import Content
from textual.fuzzy import FuzzySearch
from textual.style import Style

from engine.catalog import experiments
from tui.data.run_text import name_of
from tui.dialogs.help import exists
from tui.keys.all_keys import BY_ID, KEYS, Key, shown
from tui.keys.key import OWNERS
from tui.terminal.plain_text import plain
from tui.ui import theme

if TYPE_CHECKING:
    from tui.app import LabApp

ALSO = {f"Theme: {theme.TITLES[name]}": words for name, words in theme.ALIASES.items()}
"""further words that find a command"""
RUNS_OFFERED = 200
WHOLE_WORD = 1_000.0
"""what a word that stands there as typed counts more than letters found here and there"""

Command = tuple[str, str, Callable[[], object]]
"""what it says, what it does in words of ours (they are read as markup), how it is done"""


class LabCommands(Provider):
    """Only what makes sense now."""

    @property
    def context(self) -> LabApp:
        return cast("LabApp", self.app)

    async def discover(self) -> AsyncIterator[DiscoveryHit]:
        for words, help, call in self._keys():
            yield DiscoveryHit(Content(words), call, text=words, help=help)

    async def search(self, query: str) -> AsyncIterator[Hit]:
        matching = FuzzySearch()
        for words, help, call in (*self._keys(), *self._launches(), *self._runs(), *self._themes()):
            score, places = matching.match(query, words)
            every = f"{words} {ALSO.get(words, '')}"
            if score <= 0 and words in ALSO:
                score, places = matching.match(query, every)[0], ()
            if score > 0:
                score += sum(WHOLE_WORD for word in query.lower().split() if word in every.lower())
                yield Hit(score, _lit(words, places, self.match_style), call, text=words, help=help)

    def _keys(self) -> Iterable[Command]:
        front = self.context.switcher.front
        labels = front.labels()
        for key in KEYS:
            is_inner = front.NAME in OWNERS.get(key.scope, ()) and front.actor(key.scope) is not front
            if not (is_inner or key.scope in ("app", front.NAME)) or key.id == "app.palette":
                continue
            if not exists(key):
                continue
            label = labels.get(key.id, key.label)
            if label:
                words = f"{key.heading}: {label}"
                yield f"{words}  [{self._shown(key)}]", key.help, partial(self._press, key)

    def _launches(self) -> Iterable[Command]:
        for experiment in experiments():
            words = f"Start: {plain(experiment.title)}"
            yield words, "Opens the form of its parameters", partial(self.context.runs.launch, experiment)

    def _runs(self) -> Iterable[Command]:
        for run in self.context.runs.pages.known()[:RUNS_OFFERED]:
            words = f"Go to run: {name_of(run)}  {run.status}  {plain(run.id)}"
            yield words, "", partial(self.context.runs.table.select, run.id)

    def _themes(self) -> Iterable[Command]:
        for name, title in theme.TITLES.items():
            yield f"Theme: {title}", "Colours of the app; saved", partial(self.context.choose_theme, name)

    def _shown(self, key: Key) -> str:
        return shown(self.context.keys_file.key_of(BY_ID[key.id]))

    async def _press(self, key: Key) -> None:
        actor = self.context if key.scope == "app" else self.context.switcher.front.actor(key.scope)
        await self.context.run_action(key.action, default_namespace=actor)


def _lit(words: str, places: Sequence[int], style: Style | None) -> Content:
    """The words as they are, the places that match in another style."""
    content = Content(words)
    for place in places:
        if style is not None and not words[place].isspace():
            content = content.stylize(style, place, place + 1)
    return content
