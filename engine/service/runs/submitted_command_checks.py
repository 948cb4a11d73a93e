"""Checks of a submitted command, and the values of its variables that are in no file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from engine import events, logged_media
from engine.axes import SEED
from engine.errors import InputError, ParamError
from engine.exec import placeholders
from engine.exec.output_metrics import parse_pattern
from engine.exec.shell_command import ShellCommand
from engine.params import Value
from engine.protocol import CheckpointFacts, MediaFacts, Spec

ARGUMENT_BYTES = 128 * 1024 - 1
"""of one argument or variable: the limit of Linux"""
ENVIRONMENT_BYTES = 1024 * 1024
STEP_LIMIT = 2**53
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]*")


def check_command(command: ShellCommand | None) -> None:
    """Raises InputError naming the field, what was expected and what came."""
    if command is None:
        return
    if not command.argv or not command.argv[0]:
        raise InputError("command: expected one, got none.", "For instance: dltui exec -- python train.py")
    texts = [*command.argv, command.folder, *command.environ, *command.environ.values()]
    if any("\0" in text or len(text.encode(errors="surrogateescape")) > ARGUMENT_BYTES for text in texts):
        raise InputError("command: expected arguments and variables of at most 128 KB without NUL.")
    if sum(map(len, texts)) > ENVIRONMENT_BYTES:
        raise InputError("command: expected an environment and arguments of at most 1 MB in all.")
    if not os.path.isabs(command.folder):
        raise InputError(f"folder: expected an absolute path, got {command.folder[:80]!r}.")
    named = {*placeholders.names(command.argv), SEED.name}
    for name in placeholders.names([command.tensorboard]):
        if name not in named:
            raise InputError(f"tensorboard: the command has no {{{name}}}, expected one of its placeholders.")
    for pattern in command.output_metrics:
        try:
            parse_pattern(pattern)
        except ValueError as error:
            raise InputError(f"metric: {error}.") from error
    if command.steps is not None and not 1 <= command.steps <= STEP_LIMIT:
        raise InputError(f"steps: expected a whole number from 1 to 2^53, got {command.steps:,}.")


def check_params(command: ShellCommand, given: Mapping[str, Any]) -> dict[str, Value]:
    """The values of the placeholders. Raises ParamError for one without value, or a value without one."""
    named = check_named(command, given)
    for name, value in given.items():
        if name not in named:
            known = ", ".join(f"{{{one}}}" for one in named) or "none"
            raise ParamError(
                f"{name[:80]}: the command has no {{{name[:80]}}}.", f"Its placeholders: {known}."
            )
        if not isinstance(value, bool | int | float | str):
            raise ParamError(f"{name}: expected a number or text, got {str(value)[:80]!r}.")
    return {name: given[name] for name in named}


def check_named(command: ShellCommand, given: Iterable[str]) -> list[str]:
    """The names of its placeholders. Raises ParamError for one that is not among the names given."""
    known = set(given)
    named = [name for name in placeholders.names(command.argv) if name != SEED.name]
    for name in named:
        if name not in known:
            raise ParamError(
                f"{{{name}}}: no value is given for it.",
                f"Give one: --set {name}=...; or, for the braces themselves: {{{{{name}}}}}",
            )
    return named


def title_of(command: ShellCommand) -> str:
    """A name for its runs: that of the script, else of the program."""
    scripts = [word for word in command.argv[1:] if word.endswith((".py", ".sh"))]
    modules = [after for before, after in zip(command.argv, command.argv[1:], strict=False) if before == "-m"]
    stem = PurePath((scripts or modules or [command.argv[0]])[0]).name.removesuffix(".py").removesuffix(".sh")
    shown = re.sub(r"[^A-Za-z0-9._ -]", "-", stem)[:40]
    return shown if _NAME.fullmatch(shown) else "exec"


def in_shell_of(given: ShellCommand | None, before: ShellCommand | None) -> ShellCommand | None:
    """The given command with the folder and the environment of one before; that one where none is given."""
    if given is None or before is None:
        return before
    return replace(
        given, folder=before.folder, environ=before.environ, environ_names=(), withheld=before.withheld,
        umask=before.umask, gpus=before.gpus,
    )  # fmt: skip


MOST_LISTED = 1_000
"""checkpoints of one command, the newest; tags of images and texts"""
_SAVED = tuple(f'"kind":"{kind}"'.encode() for kind in ("checkpoint", *logged_media.KINDS))


class SavedByCommand(NamedTuple):
    checkpoints: tuple[CheckpointFacts, ...]
    """the newest last"""
    media: tuple[MediaFacts, ...]


def saved_by_command(path: Path) -> SavedByCommand:
    """What the command saved itself and the media that it logged. Raises CorruptRun."""
    found: dict[str, CheckpointFacts] = {}
    media: dict[tuple[str, str], MediaFacts] = {}
    for event in events.replay(path, lambda line: any(kind in line[:120] for kind in _SAVED)):
        if event.kind != "checkpoint":
            tag = str(event.facts.get("tag", ""))
            count = media[event.kind, tag].count if (event.kind, tag) in media else 0
            media[event.kind, tag] = MediaFacts(event.kind, tag, count + 1, int(event.facts["step"]))
            continue
        saved, size = str(event.facts.get("path", "")), event.facts.get("bytes")
        found.pop(saved, None)
        gone = "" if os.path.exists(saved) else "it is not there any more"
        size = size if type(size) is int else 0
        found[saved] = CheckpointFacts(event.facts["step"], saved, "", size, gone)
    return SavedByCommand(tuple(found.values())[-MOST_LISTED:], tuple(media.values())[:MOST_LISTED])


# --- values that are in no file ---------------------------------------------------------------------------


@dataclass(slots=True)
class WithheldValues:
    """By the id of a run or of a sweep, as long as this service runs."""

    _values: dict[str, dict[str, str]] = field(default_factory=dict)

    def keep(self, owner: str, values: Mapping[str, str]) -> None:
        if values:
            self._values[owner] = {**self._values.get(owner, {}), **values}

    def of(self, spec: Spec) -> dict[str, str]:
        return self.values(spec.command, spec.sweep, spec.id)

    def values(self, command: ShellCommand | None, *owners: str) -> dict[str, str]:
        """Those of the command that the owners have, the last of them first."""
        if command is None or not command.withheld:
            return {}
        known = {name: value for owner in owners for name, value in self._values.get(owner, {}).items()}
        return {name: known[name] for name in command.withheld if name in known}

    def missing(self, spec: Spec) -> tuple[str, ...]:
        """Names of variables without which the command is not started."""
        if spec.command is None or not spec.command.withheld:
            return ()
        known = self.of(spec)
        return tuple(name for name in spec.command.withheld if name not in known)

    def why_waiting(self, spec: Spec) -> str:
        """Why the command cannot be started now; empty where it can."""
        missing = self.missing(spec)
        if not missing:
            return ""
        names = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        which, it = ("which are", "them") if len(missing) > 1 else ("which is", "it")
        return (
            f"waits for {names}, {which} written into no file: dltui resume {spec.id} from a shell with {it}"
        )


def check_withheld(given: Mapping[str, str] | None) -> dict[str, str]:
    """Names and values of variables. Raises InputError."""
    if any("\0" in value for value in (given or {}).values()):
        raise InputError("withheld: expected texts without NUL.")
    return dict(given or {})
