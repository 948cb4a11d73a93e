"""The dialog of saved views: open one, save what is shown, remove one."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App

from engine.errors import DltuiError
from engine.places import Places
from tui.data import saved_views
from tui.data.saved_views import SavedView
from tui.dialogs.choose import ChooseScreen
from tui.dialogs.text_prompt import TextPrompt
from tui.terminal.plain_text import plain

SAVE, REMOVE = "save this view ...", "remove a view ..."


class ViewsDialog:
    """Opens its dialogs above `app`."""

    def __init__(
        self, app: App[object], places: Places, shown: SavedView, apply: Callable[[SavedView], None]
    ) -> None:
        """`shown` is the view of now; `apply` is called with the one that was chosen."""
        self._app, self._places, self._shown, self._apply = app, places, shown, apply

    def open(self) -> None:
        names = saved_views.names(self._places)
        choices = [(name, self._about(name)) for name in names]
        choices.append((SAVE, saved_views.description(self._shown)))
        choices += [(REMOVE, "")] if names else []

        def chosen(place: int | None) -> None:
            if place is None:
                return
            if place < len(names):
                self._open_view(names[place])
            elif place == len(names):
                self._ask_name(names)
            else:
                self._ask_removed(names)

        self._app.push_screen(ChooseScreen("views of the table", choices, "open"), chosen)

    def _about(self, name: str) -> str:
        try:
            return saved_views.description(saved_views.read(self._places, name))
        except DltuiError as error:
            return str(error)

    def _open_view(self, name: str) -> None:
        try:
            self._apply(saved_views.read(self._places, name))
        except DltuiError as error:
            self._notify(str(error), is_error=True)

    def _ask_name(self, names: list[str]) -> None:
        async def save(name: str) -> str:
            saved_views.write(self._places, name.strip(), self._shown)
            return f"The view {name.strip()} is saved: dltui ls --view {name.strip()!r} shows it too."

        about = (
            f"A name that is there is replaced: {', '.join(names)}" if names else "Filter, order, columns."
        )
        prompt = TextPrompt("save the view as", "", about, "save", save)
        self._app.push_screen(prompt, lambda done: self._notify(done) if done else None)

    def _ask_removed(self, names: list[str]) -> None:
        def remove(place: int | None) -> None:
            if place is None:
                return
            try:
                saved_views.remove(self._places, names[place])
            except DltuiError as error:
                self._notify(str(error), is_error=True)

        choices = [(name, self._about(name)) for name in names]
        self._app.push_screen(ChooseScreen("remove a view", choices, "remove"), remove)

    def _notify(self, text: str, *, is_error: bool = False) -> None:
        severity = "error" if is_error else "information"
        self._app.notify(plain(text, limit=400), markup=False, severity=severity)  # type: ignore[arg-type]
