"""The form of a new sweep: parameters and settings, the resulting number of trials, and the start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from engine import params
from engine.catalog import Experiment
from engine.errors import ParamError
from engine.params import Param
from engine.places import data_folder
from engine.sweep_protocol import SweepSummary
from tui.data.value_text import data_line
from tui.dialogs.form_dialog import FormOutcome, FormScreen
from tui.sweeps import sweep_settings
from tui.sweeps.draft import NOTHING_VARIES, SweepDraft, draft_of, field_error, varies
from tui.ui.form import Field, FoldRow, Form, Typed, field_of

HOW = "A field with several values varies: 0.1,0.01  1..4  0.001..0.1 log  0.001..0.1 log 5"
AXIS_LIMIT = 400
"""most characters of the values of an axis"""


def sweep_screen(
    experiment: Experiment,
    typed: Typed,
    submit: Callable[[SweepDraft], Awaitable[SweepSummary]],
    keep: Callable[[Typed], None],
    data: str | None = None,
) -> FormScreen[SweepSummary]:
    """`keep` gets the typed fields, whether the sweep is started or not; `data` as in `launch_screen`."""

    async def act(given: Typed) -> SweepSummary:
        keep(given)
        return await submit(draft_of(experiment, given))

    def outcome(given: Typed) -> FormOutcome:
        try:
            draft = draft_of(experiment, given)
            return FormOutcome("\n".join((draft.text, *draft.axis_values)))
        except ParamError as error:
            if str(error).startswith(NOTHING_VARIES):
                return FormOutcome(str(error), is_ready=False)
            raise

    more = frozenset(param.name for param in sweep_settings.MORE)
    fold = FoldRow(more, _fold_text, lambda given: bool(sweep_settings.changed(given)))
    form = Form(fields_of(experiment), typed, fold=fold, gap="name", applies=sweep_settings.applies)
    title = f"sweep {experiment.name}"
    fact = data_line(experiment, data_folder() if data is None else data)
    return FormScreen(
        title, form, act, submit_label="start", about=(HOW,), fact=fact, outcome=outcome, on_cancel=keep
    )


def fields_of(experiment: Experiment) -> list[Field]:
    axes = [_axis_field(experiment, param) for param in params.declared(experiment.params)]
    return [
        *axes,
        *(_setting(experiment, param) for param in (*sweep_settings.SETTINGS, *sweep_settings.MORE)),
    ]


def _axis_field(experiment: Experiment, param: Param) -> Field:
    mistake = partial(field_error, experiment, param)
    return Field(param, mistake, partial(varies, param), is_typed=True, limit=AXIS_LIMIT)


def _setting(experiment: Experiment, param: Param) -> Field:
    return _axis_field(experiment, param) if param.name == "seeds" else field_of(param)


def _fold_text(typed: Typed) -> str:
    """The text of the collapsed settings: those that differ from the default, else their names."""
    return ", ".join(sweep_settings.changed(typed) or sweep_settings.names())
