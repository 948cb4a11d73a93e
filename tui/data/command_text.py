"""The command of a run as a shell would take it."""

from __future__ import annotations

import shlex

from engine.client import submitted_command
from engine.protocol import Spec


def command_text(spec: Spec) -> str:
    """With the values of its placeholders; empty for an experiment."""
    return "" if spec.command is None else shlex.join(submitted_command.arguments(spec.command, spec))
