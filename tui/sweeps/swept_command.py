"""A command that is swept from the form: its placeholders are typed as texts, one value or an axis each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine import catalog, params
from engine.axes import parse_axis
from engine.catalog import Experiment
from engine.client import submitted_command
from engine.client.submitted_command import ShellCommand, SubmittedCommand
from engine.errors import InputError, ParamError
from engine.params import Param, format_value
from tui.data.command_text import field_name, placeholder_texts

STEPS = Param(
    "steps", int, None, "steps of a whole trial; auto: those of the first finished one", least=1, word="auto"
)
OUTPUT = Param("output", str, "", r"metrics in the output, such as loss=(\S+), separated by ' ; '")
_BETWEEN_PATTERNS = re.compile(r"\s+;\s+")


@dataclass(frozen=True, slots=True)
class SweptCommand:
    command: ShellCommand
    like: str
    """id of the run or sweep whose folder and environment the trials have"""

    def submitted(self, typed: Mapping[str, str]) -> SubmittedCommand:
        """With the kinds of the typed texts. Raises ParamError."""
        texts = {name: text.strip() for name, text in placeholder_texts(self.command, typed).items()}
        for name, text in texts.items():
            if not text:
                raise ParamError(f"{field_name(name)}: expected a value, or several, got none.")
        axes = [f"{name}={text}" for name, text in texts.items() if submitted_command.is_axis(text)]
        fixed = {name: text for name, text in texts.items() if not submitted_command.is_axis(text)}
        steps = params.parse_value(STEPS, typed["steps"])
        changed = replace(
            self.command,
            output_metrics=tuple(filter(None, _BETWEEN_PATTERNS.split(typed["output"].strip()))),
            steps=None if steps is None else int(steps),
        )
        try:
            return submitted_command.again(changed, self.like, fixed, axes)
        except InputError as error:
            raise ParamError(error.message.removeprefix("--metric: ")) from error

    def field_error(self, name: str, text: str) -> str:
        """Why the text of a placeholder is wrong; empty where it is right."""
        if not text.strip():
            return "expected a value, or several"
        if not submitted_command.is_axis(text):
            return ""
        axis = f"{name}={text.strip()}"
        try:
            made = submitted_command.again(replace(self.command, argv=(f"{{{name}}}",)), "", {}, [axis])
            parse_axis(catalog.from_command(made.command), axis)
        except (ParamError, InputError) as error:
            return f"{error.message} {error.remedy}".strip().removeprefix(f"{name}: ")
        return ""

    def typed_settings(self) -> dict[str, str]:
        return {
            "steps": format_value(STEPS, self.command.steps),
            "output": " ; ".join(self.command.output_metrics),
        }

    @property
    def experiment(self) -> Experiment:
        return catalog.from_command(self.command)
