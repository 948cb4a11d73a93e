"""The form that runs a command again: its placeholders, name, seed and device."""

from __future__ import annotations

import shlex

from engine import params
from engine.client import submitted_command
from engine.client.client import Client
from engine.client.submitted_command import ShellCommand
from engine.errors import ParamError
from engine.params import Param
from engine.protocol import RunSummary
from tui.data.command_text import placeholder_fields, placeholder_texts, typed_placeholders
from tui.data.run_text import given_name
from tui.data.same_run_name_warning import same_name_warning
from tui.dialogs.form_dialog import MOST_SEED, FormOutcome, FormScreen
from tui.ui.form import Form, Typed, field_of

ABOUT = (
    Param("name", str, "", "name of the run; may be empty"),
    Param("seed", int, 1, "value of {seed} and of DLTUI_SEED", least=0, most=MOST_SEED),
    Param("device", str, "auto", "device that trains", ("auto", "cpu", "gpu")),
)


def command_screen(
    run: RunSummary, command: ShellCommand, client: Client
) -> FormScreen[tuple[RunSummary, str]]:
    """Dismissed with the new run, and a warning where its name is taken.

    The run has the folder and the environment of the shell from which `run` was submitted.
    """

    async def act(typed: Typed) -> tuple[RunSummary, str]:
        about = {param.name: params.parse_value(param, typed[param.name]) for param in ABOUT}
        submitted = submitted_command.again(command, run.id, placeholder_texts(command, typed))
        made = await client.submit_command(
            submitted, seed=int(about["seed"] or 0), name=str(about["name"]), device=str(about["device"])
        )
        return made, await same_name_warning(client, made) if about["name"] else ""

    def outcome(typed: Typed) -> FormOutcome:
        """Raises ParamError for a placeholder without a text."""
        for name, text in placeholder_texts(command, typed).items():
            if not text:
                raise ParamError(f"{{{name}}}: expected a value, got none.")
        return FormOutcome()

    texts = typed_placeholders(command, run.spec.params)
    texts |= {"name": given_name(run), "seed": str(run.spec.seed), "device": run.spec.device}
    fields = [field_of(param) for param in (*placeholder_fields(command), *ABOUT)]
    return FormScreen(
        "a command again", Form(fields, texts, gap="name"), act, submit_label="launch",
        about=(f"in {command.folder}",), fact=shlex.join(command.argv), outcome=outcome,
    )  # fmt: skip
