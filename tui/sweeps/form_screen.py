"""The form of a new sweep: parameters and settings, the resulting number of trials, and the start."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from functools import partial

from engine import params
from engine.catalog import Experiment
from engine.client import submitted_command
from engine.errors import ParamError
from engine.params import Param
from engine.places import data_folder
from engine.sweep_protocol import SweepSummary
from tui.data import executor_text, own_experiments
from tui.data.command_text import placeholder_fields
from tui.data.value_text import data_line
from tui.dialogs.form_dialog import FormOutcome, FormScreen
from tui.sweeps import sweep_settings
from tui.sweeps.draft import (
    NOTHING_VARIES,
    SweepDraft,
    command_draft_of,
    draft_of,
    field_error,
    varies,
)
from tui.sweeps.swept_command import OUTPUT, STEPS, SweptCommand
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
    command: SweptCommand | None = None,
) -> FormScreen[SweepSummary]:
    """`keep` gets the typed fields, whether the sweep is started or not; `data` as in `launch_screen`.

    `command` is the one that is swept, where `experiment` is one.
    """

    def drafted(given: Typed) -> SweepDraft:
        return draft_of(experiment, given) if command is None else command_draft_of(command, given)

    async def act(given: Typed) -> SweepSummary:
        keep(given)
        return await submit(drafted(given))

    def outcome(given: Typed) -> FormOutcome:
        try:
            draft = drafted(given)
            begin = str(draft.settings["parent"])
            begins = (f"each begins with {begin}",) if begin else ()
            return FormOutcome("\n".join((draft.text, *begins, *draft.axis_values)))
        except ParamError as error:
            if str(error).startswith(NOTHING_VARIES):
                return FormOutcome(str(error), is_ready=False)
            raise

    more = frozenset(param.name for param in sweep_settings.MORE)
    fold = FoldRow(more, _fold_text, lambda given: bool(sweep_settings.changed(given)))
    fields = fields_of(experiment) if command is None else _fields_of_command(command)
    form = Form(fields, typed, fold=fold, gap="name", applies=sweep_settings.applies)
    title = f"sweep {experiment.name}" if command is None else "sweep a command"
    fact = data_line(experiment, data_folder() if data is None else data)
    if command is not None:
        fact = shlex.join(command.command.argv)
    return FormScreen(
        title, form, act, submit_label="start", about=(HOW,), fact=fact, outcome=outcome, on_cancel=keep,
        waiting=lambda given: own_experiments.checking_text(experiment),
    )  # fmt: skip


def fields_of(experiment: Experiment) -> list[Field]:
    axes = [_axis_field(experiment, param) for param in params.declared(experiment.params)]
    return [
        *axes,
        *(_setting(experiment, param) for param in (*sweep_settings.SETTINGS, *sweep_settings.MORE)),
    ]


def _fields_of_command(swept: SweptCommand) -> list[Field]:
    named = submitted_command.placeholder_names(swept.command)
    declared = zip(named, placeholder_fields(swept.command), strict=True)
    axes = [
        Field(param, partial(swept.field_error, name), submitted_command.is_axis, limit=AXIS_LIMIT)
        for name, param in declared
    ]
    left_out = {"parent", *(param.name for param in executor_text.FIELDS)}
    settings = (*sweep_settings.SETTINGS, OUTPUT, STEPS, *sweep_settings.MORE)
    return [*axes, *(_setting(swept.experiment, one) for one in settings if one.name not in left_out)]


def _axis_field(experiment: Experiment, param: Param) -> Field:
    mistake = partial(field_error, experiment, param)
    return Field(param, mistake, partial(varies, param), is_typed=True, limit=AXIS_LIMIT)


def _setting(experiment: Experiment, param: Param) -> Field:
    return _axis_field(experiment, param) if param.name == "seeds" else field_of(param)


def _fold_text(typed: Typed) -> str:
    """The text of the collapsed settings: those that differ from the default, else their names."""
    own = [name for name in sweep_settings.names() if name in typed]
    return ", ".join(sweep_settings.changed(typed) or own)
