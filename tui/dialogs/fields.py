"""A dialog with a few fields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from engine.params import Param
from tui.dialogs.form import FormScreen
from tui.ui.form import VALUE_WIDTH, Form, Typed, field_of

PATH_WIDTH = 60


def fields_screen(
    title: str,
    fields: Sequence[Param],
    typed: Typed,
    submit_label: str,
    act: Callable[[Typed], Awaitable[str]],
) -> FormScreen[str]:
    """Dismissed with the text that `act` returns."""
    is_path = len(fields) == 1 and fields[0].kind is str and not fields[0].choices
    width = PATH_WIDTH if is_path else VALUE_WIDTH
    form = Form([field_of(one) for one in fields], typed, value_width=width)
    return FormScreen(title, form, act, submit_label=submit_label)
