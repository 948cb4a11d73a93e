"""A dialog around a form: what it asks for, what its fields make together, and what is done with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.errors import DltuiError, ParamError
from engine.params import Param
from tui.dialogs.dialog import DIALOG_CSS, Keys
from tui.keys import all_keys
from tui.tabs import TABS
from tui.terminal.plain_text import plain
from tui.ui.form import Form, Typed

Answer = TypeVar("Answer")
WORDS_LIMIT = 400


@dataclass(frozen=True, slots=True)
class FormOutcome:
    """What the fields make together, in words; nothing can be started from it unless `is_ready`."""

    words: str = ""
    is_ready: bool = True


class FormScreen(ModalScreen[Answer]):
    """Stays as it is until what was asked for is done.

    `outcome` raises ParamError for fields that do not go together; `act` does what was asked for and gives
    the answer of the screen, or raises DltuiError; `left` hears what was typed when it is left by escape.
    `about` has no place on a short screen; `fact` is one line that always has.
    """

    BINDINGS = all_keys.bindings("form") + [
        Binding(f"alt+{digit}", f"open_tab('{tab}')", show=False)
        for digit, (tab, _, page) in enumerate(TABS, 1)
        if page
    ]
    CSS_PATH = DIALOG_CSS
    AUTO_FOCUS = None

    def __init__(
        self,
        title: str,
        form: Form,
        act: Callable[[Typed], Awaitable[Answer]],
        *,
        word: str,
        about: Sequence[str] = (),
        fact: str = "",
        outcome: Callable[[Typed], FormOutcome] = lambda typed: FormOutcome(),
        left: Callable[[Typed], object] = lambda typed: None,
        is_wide: bool = True,
    ) -> None:
        super().__init__()
        self._title, self.form, self._act, self._word = title, form, act, word
        self._fact = fact
        self._about, self._outcome_of, self._left, self._is_wide = about, outcome, left, is_wide
        self._refused = ""
        self._outcome, self._mistake = self._judged()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide" if self._is_wide else "dialog") as box:
            box.border_title = Content(plain(self._title, limit=100))
            for words in self._about:
                yield Static(plain(words, limit=WORDS_LIMIT), markup=False, classes="claim")
            if self._fact:
                box.add_class("-fact")
                yield Static(plain(self._fact, limit=WORDS_LIMIT), markup=False, classes="fact")
            yield self.form
            yield Static(id="hint", markup=False)
            yield Keys(
                (("form.launch", self._word), ("form.cancel", "back"), ("form.next", "next"),
                 ("form.defaults", "defaults"), ("form.help", "keys"))
            )  # fmt: skip

    def on_mount(self) -> None:
        self._show()

    @on(Form.Changed)
    def _check(self) -> None:
        self._refused = ""
        self._outcome, self._mistake = self._judged()
        self._show()

    def _judged(self) -> tuple[FormOutcome, str]:
        """And what is wrong with the fields together."""
        if self.form.mistakes:
            return FormOutcome(is_ready=False), ""
        try:
            return self._outcome_of(self.form.typed()), ""
        except ParamError as error:
            return FormOutcome(is_ready=False), str(error)

    @on(Form.Moved)
    def _show(self) -> None:
        """What is wrong, else what the fields make and what the one under the cursor means."""
        wrong = list(self.form.mistakes)
        self.query_one(Keys).complain(_wrong_fields(wrong) if wrong else "")
        bad = self._refused or self._mistake
        field = self.form.field
        meaning = _meaning(field.param, long=len(self.form.fields) > 1) if field is not None else ""
        hint = self.query_one("#hint", Static)
        hint.update(
            plain(bad, limit=WORDS_LIMIT) if bad else "\n".join(filter(None, (self._outcome.words, meaning)))
        )
        hint.set_class(bool(bad), "-wrong")

    def on_input_submitted(self) -> None:
        self.action_launch()

    def action_launch(self) -> None:
        """Or to the first field that is wrong."""
        if self.form.mistakes:
            self.form.go_to(next(iter(self.form.mistakes)))
        elif self._outcome.is_ready:
            self.run_worker(self._launch(), group="form", exclusive=True, exit_on_error=False)

    async def _launch(self) -> None:
        try:
            self.dismiss(await self._act(self.form.typed()))
        except DltuiError as error:
            self._refused = str(error)
            self._show()

    def action_cancel(self) -> None:
        self._left(self.form.typed())
        self.dismiss(None)

    async def action_open_tab(self, tab: str) -> None:
        """Leaves the form as escape does."""
        self.action_cancel()
        await self.app.run_action(f"open_tab('{tab}')")

    def action_field(self, by: int) -> None:
        self.form.move(by)

    def action_defaults(self) -> None:
        self.form.put_defaults()

    def action_help(self) -> None:
        from tui.dialogs.help import HelpScreen
        from tui.keys.keymap import Keymap

        self.app.push_screen(HelpScreen("form", Keymap(), "runs"))


def _wrong_fields(names: Sequence[str]) -> str:
    """1 field is wrong: lr"""
    count = f"{len(names)} fields are" if len(names) > 1 else "1 field is"
    return f"{count} wrong: {', '.join(names)}"


def _meaning(param: Param, *, long: bool) -> str:
    """Of the field under the cursor, in full: its help, what is expected, whether it is live."""
    is_number = param.kind in (int, float)
    expected = f"; {param.expected}" if is_number or (param.choices and long) else ""
    live = "; can be changed during training" if param.live else ""
    return plain(f"{param.name}: {param.help}{expected}{live}", limit=WORDS_LIMIT)
