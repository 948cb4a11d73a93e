"""Asks what a sweep is to try, says how many trials that makes, and starts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.catalog import Experiment
from engine.client import SweepSummary
from engine.errors import DltuiError
from engine.params import Param
from tui import keys
from tui.plain_text import plain
from tui.screens.dialog import DIALOG_CSS, Keys
from tui.sweep.axis_field import AxisField
from tui.sweep.draft import NOTHING_VARIES, Draft
from tui.sweep.sweep_form import SweepForm
from tui.widgets.param_field import ParamField

Submit = Callable[[Draft], Awaitable[SweepSummary]]
HOW = "A field with several values varies: 0.1,0.01  1..4  0.001..0.1 log  0.001..0.1 log 5"


LINE = 72
"""characters of the narrowest form"""


class SweepScreen(ModalScreen[SweepSummary]):
    """Stays as it is until the engine has taken the sweep."""

    BINDINGS = keys.bindings("form")
    CSS_PATH = DIALOG_CSS
    AUTO_FOCUS = "AxisField Input"

    def __init__(
        self,
        experiment: Experiment,
        typed: Mapping[str, str],
        submit: Submit,
        keep: Callable[[Mapping[str, str]], None],
    ) -> None:
        super().__init__()
        self._experiment, self._typed, self._submit, self._keep = experiment, typed, submit, keep
        self._words, self._meaning, self._is_wrong = "", "", False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = Content(f"sweep {self._experiment.name}")
            yield Static(HOW, markup=False, classes="claim")
            yield SweepForm(self._experiment, self._typed)
            yield Static(id="hint", markup=False)
            named = (("form.launch", "start"), ("form.cancel", "back"), ("form.next", "next"),
                     ("form.defaults", "defaults"))  # fmt: skip
            yield Keys(named)

    def on_mount(self) -> None:
        self.call_after_refresh(self.form.check)

    @property
    def form(self) -> SweepForm:
        return self.query_one(SweepForm)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Say in full what the field means."""
        fields = [one for one in event.widget.ancestors if isinstance(one, AxisField | ParamField)]
        self._meaning = _meaning(fields[0].param) if fields else ""
        self._draw_hint()

    def _hint(self, words: str, *, wrong: bool) -> None:
        self._words, self._is_wrong = plain(words, limit=400), wrong
        self._draw_hint()

    def _draw_hint(self) -> None:
        hint = self.query_one("#hint", Static)
        hint.update(self._words if self._is_wrong else f"{self._words}\n{self._meaning}")
        hint.set_class(self._is_wrong, "-wrong")

    @on(SweepForm.Changed)
    def _show(self, message: SweepForm.Changed) -> None:
        is_wrong = bool(message.mistake) and not message.mistake.startswith(NOTHING_VARIES)
        self.query_one(Keys).complain("not right yet" if is_wrong else "")
        words = message.draft.words if message.draft is not None else message.mistake
        self._hint(words, wrong=is_wrong)

    def on_input_submitted(self) -> None:
        self.action_launch()

    def action_launch(self) -> None:
        self.form.read()
        if self.form.draft is not None:
            self._keep(self.form.typed())
            self.run_worker(self._start(self.form.draft), group="submit", exclusive=True, exit_on_error=False)

    async def _start(self, draft: Draft) -> None:
        try:
            self.dismiss(await self._submit(draft))
        except DltuiError as error:
            self._hint(str(error), wrong=True)

    def action_cancel(self) -> None:
        self._keep(self.form.typed())
        self.dismiss(None)

    def action_field(self, by: int) -> None:
        self.form.move(by)

    def action_defaults(self) -> None:
        self.form.put_defaults()


def _meaning(param: Param) -> str:
    """In one line of the narrowest screen: where a choice is long, its words alone."""
    expected = f"; {param.expected}" if param.kind in (int, float) or param.choices else ""
    whole = f"{param.name}: {param.help}{expected}"
    if len(whole) > LINE and param.choices:
        return f"{param.name}: {', '.join(map(str, param.choices))}"
    return whole
