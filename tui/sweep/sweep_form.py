"""The form of a sweep, made of the experiment's declared parameters and of what every sweep has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message

from engine import params
from engine.catalog import Experiment
from engine.errors import ParamError
from tui.sweep.axis_field import AxisField
from tui.sweep.draft import SETTINGS, Draft, draft_of
from tui.widgets.param_field import ParamField, as_text

Field = AxisField | ParamField


class SweepForm(VerticalScroll, can_focus=False):
    """Fields below each other; what they make together is a draft, or a mistake."""

    @dataclass
    class Changed(Message):
        draft: Draft | None
        mistake: str

    def __init__(self, experiment: Experiment, typed: Mapping[str, str], **widget: Any) -> None:
        super().__init__(**widget)
        self.experiment = experiment
        self._given = typed
        self.draft: Draft | None = None

    def compose(self) -> ComposeResult:
        for param in params.declared(self.experiment.params):
            text = self._given.get(param.name, as_text(param.default))
            yield AxisField(self.experiment, param, text, id=f"axis-{param.name}")
        for param in SETTINGS:
            text = self._given.get(param.name, as_text(param.default))
            if param.name == "seeds":
                yield AxisField(self.experiment, param, text, id="sweep-seeds")
            else:
                yield ParamField(param, text, id=f"sweep-{param.name}")

    @property
    def fields(self) -> list[Field]:
        return [field for field in self.query("AxisField, ParamField") if isinstance(field, Field)]

    def typed(self) -> dict[str, str]:
        return {field.param.name: field.text for field in self.fields}

    def put_defaults(self) -> None:
        for found in self.fields:
            found.text = as_text(found.param.default)

    def move(self, by: int) -> None:
        """To the next field."""
        found = self.fields
        places = [place for place, one in enumerate(found) if one.editor.has_focus]
        found[(places[0] + by) % len(found) if places else 0].editor.focus()

    @on(AxisField.Changed)
    @on(ParamField.Changed)
    def check(self) -> None:
        """Field by field, then all together."""
        mistake = self.read()
        self.post_message(self.Changed(self.draft, mistake))

    def read(self) -> str:
        """Make the draft anew; the mistake where there is none."""
        wrong = [found for found in self.fields if found.wrong]
        mistake = f"{wrong[0].param.name}: {wrong[0].wrong}" if wrong else ""
        self.draft = None
        if not wrong:
            try:
                self.draft = draft_of(self.experiment, self.typed())
            except ParamError as error:
                mistake = str(error)
        return mistake
