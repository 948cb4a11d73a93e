"""The command palette: keys as commands, runs and themes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Provider
from textual.content import Content
from textual.fuzzy import FuzzySearch
from textual.style import Style

from engine.catalog import experiments
from engine.errors import DltuiError
from tui.data.run_text import name_of
from tui.dialogs.help import exists
from tui.keys.all_keys import BY_ID, KEYS, OWNERS, Key, heading_of, shown
from tui.messages import OpenView
from tui.terminal.plain_text import plain
from tui.ui import theme

if TYPE_CHECKING:
    from tui.app import LabApp

SEARCH_WORDS = {f"Theme: {theme.TITLES[name]}": words for name, words in theme.ALIASES.items()}
"""further search words of a command"""
RUNS_SHOWN = 200
LEAST_SEARCHED, COURSE_SHOWN = 3, 12
"""letters from which on the course is searched, and places shown of it"""
OPENED_BY = {"section": "Lecture", "aid": "Aid", "word": "Word"}
"""how the places of the course are called that are opened from here"""
WHOLE_WORD = 1_000.0
"""score added for a word that occurs as typed, over letters found here and there"""

Command = tuple[str, str, Callable[[], object]]
"""title, help (parsed as markup, so without text from outside), callback"""


class LabCommands(Provider):
    """Commands that apply to the open tab."""

    @property
    def lab_app(self) -> LabApp:
        return cast("LabApp", self.app)

    async def discover(self) -> AsyncIterator[DiscoveryHit]:
        for title, help, callback in self._keys():
            yield DiscoveryHit(Content(title), callback, text=title, help=help)

    async def search(self, query: str) -> AsyncIterator[Hit]:
        matching = FuzzySearch()
        async for hit in self._course(query):
            yield hit
        for title, help, callback in (*self._keys(), *self._launches(), *self._runs(), *self._themes()):
            score, places = matching.match(query, title)
            searched = f"{title} {SEARCH_WORDS.get(title, '')}"
            if score <= 0 and title in SEARCH_WORDS:
                score, places = matching.match(query, searched)[0], ()
            if score > 0:
                score += sum(WHOLE_WORD for word in query.lower().split() if word in searched.lower())
                yield Hit(
                    score, _highlighted(title, places, self.match_style), callback, text=title, help=help
                )

    async def _course(self, query: str) -> AsyncIterator[Hit]:
        """Lectures, aids and words of the course, once it was opened."""
        app = self.lab_app
        if len(query.strip()) < LEAST_SEARCHED or not any(tab.NAME == "learn" for tab in app.switcher):
            return
        from engine.session_protocol.learn import SearchRequest

        try:
            found = await app.session.ask(SearchRequest(query, limit=COURSE_SHOWN), newest="palette")
        except DltuiError:
            return
        for hit in found.hits:
            if hit.kind in OPENED_BY:
                title = f"{OPENED_BY[hit.kind]}: {plain(hit.title, limit=90)}"
                yield Hit(1.0, Content(title), partial(self._open_hit, hit.kind, hit.id), text=title)

    def _open_hit(self, kind: str, name: str) -> None:
        if kind == "section":
            lecture, _, section = name.partition(".")
            opened = OpenView("learn", "reader", {"lecture": lecture, "section": section})
        else:
            view = {"aid": "aid", "word": "words"}[kind]
            opened = OpenView("learn", view, {"name": name} if kind == "aid" else {"word": name})
        self.lab_app.post_message(opened)

    def _keys(self) -> Iterable[Command]:
        tab = self.lab_app.switcher.active_tab
        labels = tab.key_labels()
        for key in KEYS:
            is_inner = tab.NAME in OWNERS.get(key.scope, ()) and tab.action_target(key.scope) is not tab
            if not (is_inner or key.scope in ("app", tab.NAME)) or key.id == "app.palette":
                continue
            if not exists(key):
                continue
            label = labels.get(key.id, key.label)
            if label:
                title = f"{heading_of(key)}: {label}"
                yield f"{title}  [{self._shown(key)}]", key.help, partial(self._press, key)

    def _launches(self) -> Iterable[Command]:
        launch = self.lab_app.runs.commands.launch
        for experiment in experiments():
            title = f"Start: {plain(experiment.title)}"
            yield title, "Opens the form of its parameters", partial(launch, experiment)

    def _runs(self) -> Iterable[Command]:
        for run in self.lab_app.runs.pages.known()[:RUNS_SHOWN]:
            title = f"Go to run: {name_of(run)}  {run.status}  {plain(run.id)}"
            yield title, "", partial(self.lab_app.runs.table.select, run.id)

    def _themes(self) -> Iterable[Command]:
        for name, title in theme.TITLES.items():
            yield f"Theme: {title}", "Colours of the app; saved", partial(self.lab_app.choose_theme, name)

    def _shown(self, key: Key) -> str:
        return shown(self.lab_app.user_keymap.key_of(BY_ID[key.id]))

    async def _press(self, key: Key) -> None:
        target = (
            self.lab_app if key.scope == "app" else self.lab_app.switcher.active_tab.action_target(key.scope)
        )
        await self.lab_app.run_action(key.action, default_namespace=target)


def _highlighted(text: str, places: Sequence[int], style: Style | None) -> Content:
    """The text with the characters at `places` in another style."""
    content = Content(text)
    for place in places:
        if style is not None and not text[place].isspace():
            content = content.stylize(style, place, place + 1)
    return content
