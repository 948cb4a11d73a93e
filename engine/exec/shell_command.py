"""A command as it was submitted: its arguments, and the environment and folder of the shell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

EXPERIMENT = "exec"
"""the name under which runs of commands stand in tables; no experiment may have it"""
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """Part of the spec of a run; values of secret variables are in no file."""

    JSON_OMITTED: ClassVar = ("environ_names", "steps")

    argv: tuple[str, ...]
    """with placeholders, see `engine.exec.placeholders`"""
    folder: str
    """absolute path: the working folder"""
    environ: Mapping[str, str] = field(default_factory=dict)
    """empty in what clients get: they see names alone"""
    environ_names: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    """names of variables whose values are kept in the memory of the service alone"""
    umask: int = 0o022
    pty: bool = False
    """whether output goes to a terminal"""
    output_metrics: tuple[str, ...] = ()
    """patterns of metrics in the output"""
    tensorboard: str = ""
    """absolute path of the folder in which it writes for TensorBoard; empty: that of DLTUI_TENSORBOARD"""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """values of parameters as they were typed"""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """int, float or text by placeholder, where a sweep varies them"""
    gpus: str | None = None
    """CUDA_VISIBLE_DEVICES of the shell: the GPUs that may be chosen; None: any"""
    threads: int | None = None
    """as given; None: the libraries of the script decide"""
    steps: int | None = None
    """up to which step it logs; None: not known"""


def is_secret(name: str) -> bool:
    """Whether the value of that variable is written into no file."""
    return bool(_SECRET.search(name))


def without_values(command: ShellCommand) -> ShellCommand:
    """What clients and users get: of the environment the names."""
    names = tuple(sorted(command.environ)) or command.environ_names
    return replace(command, environ={}, environ_names=names)
