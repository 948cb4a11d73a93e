"""Asks for the parameters of a run and launches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.catalog import Experiment
from engine.places import data_folder
from engine.protocol import RunSummary
from tui import executor, keys
from tui.plain_text import plain
from tui.screens.dialog import DIALOG_CSS, Keys
from tui.widgets.param_field import ParamField, as_text
from tui.widgets.param_form import Launch, ParamForm

NO_FOLDER = "no folder named (DLTUI_DATA); downloaded data, or what stands in for them"


class LaunchScreen(ModalScreen[Launch]):
    """Launch stays off until every field is right."""

    BINDINGS = keys.bindings("form")
    CSS_PATH = DIALOG_CSS
    AUTO_FOCUS = "ParamField Input, ParamField ChoiceField"

    def __init__(self, experiment: Experiment, typed: Mapping[str, str], data: str | None = None) -> None:
        """`data` is the folder of data sets of a run that is asked for again; None: that of this shell."""
        super().__init__()
        self._experiment, self._typed = experiment, typed
        self._data = data_folder() if data is None else data
        self._hint = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = Content(self._experiment.title)
            yield Static(plain(self._experiment.claim), markup=False, classes="claim")
            if self._experiment.reads_data:
                words = plain(f"data: {self._data or NO_FOLDER}", limit=400)
                yield Static(words, id="data-folder", markup=False)
            yield ParamForm(self._experiment, self._typed)
            yield Static(id="hint", markup=False)
            yield Keys(
                (
                    ("form.launch", "launch"),
                    ("form.cancel", "back"),
                    ("form.next", "next"),
                    ("form.defaults", "defaults"),
                )
            )

    @property
    def form(self) -> ParamForm:
        return self.query_one(ParamForm)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Say in full what the field means."""
        for field in event.widget.ancestors:
            if isinstance(field, ParamField):
                param = field.param
                live = "; can be changed while it trains" if param.live else ""
                words = f"; {param.expected}" if param.kind in (int, float) else ""
                self._hint = f"{param.help}{words}{live}"
                self._say_hint()

    def _say_hint(self) -> None:
        """What is wrong with the fields together, else what the field means."""
        together = "" if any(field.wrong for field in self.form.fields) else self.form.mistake
        hint = self.query_one("#hint", Static)
        hint.update(together or self._hint)
        hint.set_class(bool(together), "-wrong")

    @on(ParamForm.Changed)
    def _show_mistake(self, message: ParamForm.Changed) -> None:
        self.query_one(Keys).complain(message.mistake and "not right yet")
        self._say_hint()

    def on_input_submitted(self) -> None:
        self.action_launch()

    def action_launch(self) -> None:
        launch = self.form.launch()
        if launch is not None:
            self.dismiss(replace(launch, data=self._data))

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_field(self, by: int) -> None:
        self.form.move(by)

    def action_defaults(self) -> None:
        self.form.put_defaults()


def typed_of(run: RunSummary) -> dict[str, str]:
    """What one would type to get that run again."""
    texts = {name: as_text(value) for name, value in run.spec.params.items()}
    texts |= {"name": run.spec.name, "seed": str(run.spec.seed), "device": run.spec.device}
    return texts | executor.typed_of(run.spec.executor)
