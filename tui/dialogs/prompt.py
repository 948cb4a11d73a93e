"""The form for the live parameters of a run."""

from __future__ import annotations

from collections.abc import Sequence

from engine import params
from engine.params import Param
from engine.protocol import RunSummary
from tui.data import actions
from tui.data.run_text import name_of
from tui.dialogs.form import FormScreen
from tui.ui.form import Form, Typed, field_of

Given = tuple[str, object]


def live_screen(run: RunSummary, found: Sequence[Param]) -> FormScreen[Given | None]:
    """Dismissed with name and value of the first parameter that was changed; None where none was."""
    before = {param.name: actions.current_value(run, param) for param in found}

    async def act(typed: Typed) -> Given | None:
        values = {param.name: params.parse_value(param, typed[param.name]) for param in found}
        return next(((name, value) for name, value in values.items() if value != before[name]), None)

    shown = {param.name: params.format_value(param, before[param.name]) for param in found}
    form = Form([field_of(param) for param in found], shown)
    title = f"set live: {name_of(run)}"
    return FormScreen(title, form, act, submit_label="set", is_wide=False)
