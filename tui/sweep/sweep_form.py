"""The form of a sweep, made of the experiment's declared parameters and of what every sweep has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget

from engine import params
from engine.catalog import Experiment
from engine.errors import ParamError
from engine.params import Param
from tui.sweep import settings
from tui.sweep.axis_field import AxisField
from tui.sweep.draft import Draft, draft_of
from tui.sweep.more_field import MoreField
from tui.widgets.param_field import ParamField, as_text

Field = AxisField | ParamField


class SweepForm(VerticalScroll, can_focus=False, inherit_bindings=False):
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
        for param in settings.SETTINGS:
            yield self._setting(param)
        yield MoreField(settings.names(), self._changed)
        for param in settings.MORE:
            yield self._setting(param)

    def _changed(self) -> list[str]:
        """Before its fields are there, of what was given."""
        return settings.changed({**self._given, **self.typed()})

    def _setting(self, param: Param) -> Field:
        text = self._given.get(param.name, as_text(param.default))
        if param.name == "seeds":
            return AxisField(self.experiment, param, text, id="sweep-seeds")
        return ParamField(param, text, id=f"sweep-{param.name}")

    def on_mount(self) -> None:
        self._show_some()

    @property
    def fields(self) -> list[Field]:
        return [field for field in self.query("AxisField, ParamField") if isinstance(field, Field)]

    def typed(self) -> dict[str, str]:
        return {field.param.name: field.text for field in self.fields}

    @on(MoreField.Changed)
    def _show_some(self) -> None:
        """What means nothing beside the rest is out of sight, and out of mind."""
        typed, more = self.typed(), {param.name for param in settings.MORE}
        is_open = self.query_one(MoreField).is_open
        new: list[Widget] = [self]
        for found in self.fields:
            name, was_shown = found.param.name, found.display
            found.display = settings.applies(name, typed) and (
                is_open or name not in more or bool(found.wrong)
            )
            new += [found] * (found.display and not was_shown)
        self.call_after_refresh(new[-1].scroll_visible, animate=False)

    def put_defaults(self) -> None:
        for found in self.fields:
            found.text = as_text(found.param.default)

    def move(self, by: int) -> None:
        """To the next field."""
        found = [
            one
            for one in self.query("AxisField, ParamField, MoreField")
            if isinstance(one, AxisField | ParamField | MoreField) and one.display
        ]
        places = [place for place, one in enumerate(found) if one.editor.has_focus]
        found[(places[0] + by) % len(found) if places else 0].editor.focus()

    @on(AxisField.Changed)
    @on(ParamField.Changed)
    def check(self) -> None:
        """Field by field, then all together."""
        self._show_some()
        mistake = self.read()
        self.post_message(self.Changed(self.draft, mistake))

    def read(self) -> str:
        """Make the draft anew; the mistake where there is none."""
        typed = self.typed()
        wrong = [found for found in self.fields if found.wrong and settings.applies(found.param.name, typed)]
        mistake = f"{wrong[0].param.name}: {wrong[0].wrong}" if wrong else ""
        self.draft = None
        if not wrong:
            try:
                self.draft = draft_of(self.experiment, typed)
            except ParamError as error:
                mistake = str(error)
        return mistake
