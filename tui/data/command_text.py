"""The command of a run as a shell would take it, and its placeholders as fields of a form."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from engine.client import submitted_command
from engine.client.submitted_command import ShellCommand
from engine.params import Param, Value
from engine.protocol import Spec
from tui.data.value_text import format_exact


def command_text(spec: Spec) -> str:
    """With the values of its placeholders; empty for an experiment."""
    return "" if spec.command is None else shlex.join(submitted_command.arguments(spec.command, spec))


def field_name(placeholder: str) -> str:
    """{lr}: no field of a form besides those of placeholders has such a name."""
    return f"{{{placeholder}}}"


def placeholder_fields(command: ShellCommand) -> list[Param]:
    return [
        Param(field_name(name), str, "", "value of the placeholder")
        for name in submitted_command.placeholder_names(command)
    ]


def typed_placeholders(command: ShellCommand, values: Mapping[str, Value]) -> dict[str, str]:
    """The texts of those fields for the values of a run, as they were typed where that is known."""
    return {
        field_name(name): submitted_command.text_of(command, name, values[name])
        for name in submitted_command.placeholder_names(command)
        if name in values
    }


def placeholder_texts(command: ShellCommand, typed: Mapping[str, str]) -> dict[str, str]:
    """The texts of those fields by the names of the placeholders."""
    return {name: typed[field_name(name)] for name in submitted_command.placeholder_names(command)}


def exec_line(spec: Spec, name: str) -> str:
    """The shell command that runs the command of `spec` again, in its folder; empty for an experiment.

    `name`: that of the new run, may be empty.
    """
    command = spec.command
    if command is None:
        return ""
    words = ["dltui", "exec"]
    for one in submitted_command.placeholder_names(command):
        words += ["--set", f"{one}={submitted_command.text_of(command, one, spec.params.get(one))}"]
    for pattern in command.output_metrics:
        words += ["--metric", pattern]
    words += ["--tensorboard", command.tensorboard] if command.tensorboard else []
    words += ["--steps", str(command.steps)] if command.steps else []
    words += ["--threads", str(command.threads)] if command.threads else []
    words += ["--gpu-share", format_exact("gpu_share", spec.gpu_share)] if spec.gpu_share != 1 else []
    words += ["--pty"] if command.pty else []
    words += ["--seed", str(spec.seed)] if spec.seed != 1 else []
    words += ["--device", spec.device] if spec.device != "auto" else []
    words += ["--name", name] if name else []
    return f"cd {shlex.quote(command.folder)} && {shlex.join([*words, '--', *command.argv])}"
