"""The command that a shell submits: arguments, environment, folder, values of placeholders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.errors import InputError, ParamError
from engine.exec import placeholders, shell_command
from engine.exec.output_metrics import parse_pattern
from engine.exec.script_environment import TRACK_FOLDER as TRACK_FOLDER
from engine.exec.shell_command import EXPERIMENT as EXPERIMENT
from engine.exec.shell_command import ShellCommand as ShellCommand
from engine.params import Value
from engine.protocol import Spec
from engine.unicode_text import has_no_surrogates

OF_ANOTHER_RUN = (
    "DLTUI_RUN", "DLTUI_ATTEMPT", "DLTUI_SEED", "DLTUI_TRACK", "DLTUI_TENSORBOARD", "DLTUI_RESUME",
    "DLTUI_WITHHELD", "DLTUI_DEVICE", "DLTUI_MODE",
)  # fmt: skip
"""variables of the run in which this shell itself was started"""


@dataclass(frozen=True, slots=True)
class SubmittedCommand:
    command: ShellCommand
    params: Mapping[str, Value]
    withheld: Mapping[str, str]
    """values of secret variables, which are written into no file"""
    like: str = ""
    """id of the run or sweep whose folder and environment it has; empty: those of a shell"""


def of_shell(
    argv: Sequence[str],
    settings: Mapping[str, str] | None = None,
    *,
    axes: Sequence[str] = (),
    pty: bool = False,
    output_metrics: Sequence[str] = (),
    tensorboard: str = "",
    threads: int | None = None,
    steps: int | None = None,
    environ: Mapping[str, str] | None = None,
    folder: str | None = None,
) -> SubmittedCommand:
    """`settings` are texts by parameter, `axes` those of a sweep, such as lr=0.1,0.01.

    `environ` and `folder` are those of this process by default. Raises InputError for what cannot be stored,
    ParamError for a placeholder without value.
    """
    given = dict(os.environ if environ is None else environ)
    texts = dict(settings or {})
    _check(argv, [*texts, *map(_name_of, axes)], texts.values(), output_metrics)
    usable = {
        name: value
        for name, value in given.items()
        if name not in OF_ANOTHER_RUN and has_no_surrogates(name + value)
    }
    withheld = {name: value for name, value in usable.items() if shell_command.is_secret(name)}
    command = ShellCommand(
        argv=tuple(argv),
        folder=os.getcwd() if folder is None else folder,
        environ={name: value for name, value in usable.items() if name not in withheld},
        withheld=tuple(sorted(withheld)),
        umask=_umask(),
        pty=pty,
        output_metrics=tuple(output_metrics),
        tensorboard=os.path.abspath(tensorboard) if tensorboard else "",
        texts=_typed_texts(texts, axes),
        kinds=_kinds(texts, axes),
        gpus=given.get("CUDA_VISIBLE_DEVICES"),
        threads=threads,
        steps=steps,
    )
    values = {name: placeholders.value_of(text) for name, text in texts.items()}
    return SubmittedCommand(command, values, withheld)


def again(
    command: ShellCommand, like: str, settings: Mapping[str, str], axes: Sequence[str] = ()
) -> SubmittedCommand:
    """A command that was submitted before, with other values. Raises InputError for what cannot be stored."""
    _check(command.argv, [*settings, *map(_name_of, axes)], settings.values(), command.output_metrics)
    made = replace(
        command, environ={}, environ_names=(), texts=_typed_texts(settings, axes),
        kinds=_kinds(settings, axes),
    )  # fmt: skip
    values = {name: placeholders.value_of(text) for name, text in settings.items()}
    return SubmittedCommand(made, values, {}, like)


def placeholder_names(command: ShellCommand) -> tuple[str, ...]:
    """In the order of their first place, without the seed."""
    return tuple(name for name in placeholders.names(command.argv) if name != "seed")


def is_axis(text: str) -> bool:
    """Whether a text is the values of an axis, several or a range, rather than one: a path is one."""
    low, dots, _ = text.strip().partition("..")
    return "," in text or (bool(dots) and _kind([low]) != "text")


def held_here(command: ShellCommand | None) -> dict[str, str]:
    """The values that this process has of the variables that are in no file."""
    names = command.withheld if command else ()
    return {name: os.environ[name] for name in names if name in os.environ}


def arguments(command: ShellCommand, spec: Spec) -> list[str]:
    """The arguments with the values of a run."""
    values = {"seed": spec.seed, **spec.params}
    return placeholders.fill(
        command.argv, {name: text_of(command, name, value) for name, value in values.items()}
    )


def text_of(command: ShellCommand, name: str, value: Value) -> str:
    """The text of a value of a placeholder, as it was typed where that is known."""
    return placeholders.text_of(value, command.texts.get(name, ()))


def _name_of(axis: str) -> str:
    return axis.partition("=")[0].strip()


def _typed_texts(settings: Mapping[str, str], axes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    return {**_listed(axes), **{name: (text,) for name, text in settings.items()}}


def _kinds(settings: Mapping[str, str], axes: Sequence[str]) -> dict[str, str]:
    return {**{name: _kind([text]) for name, text in settings.items()}, **_axis_kinds(axes)}


def _listed(axes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The values of axes that list them, as they were typed."""
    found = {}
    for axis in axes:
        name, _, given = (part.strip() for part in axis.partition("="))
        if ".." not in given:
            found[name] = tuple(part.strip() for part in given.split(","))
    return found


def _axis_kinds(axes: Sequence[str]) -> dict[str, str]:
    """A range of whole numbers is one of int unless it has a scale; other ranges are of float."""
    kinds = {name: _kind(texts) for name, texts in _listed(axes).items()}
    for axis in axes:
        name, _, given = (part.strip() for part in axis.partition("="))
        if ".." in given:
            low, _, rest = given.partition("..")
            kinds[name] = "int" if _kind([low, (rest.split() or [""])[0]]) == "int" else "float"
    return kinds


def _kind(texts: Sequence[str]) -> str:
    """int, float or text: one that holds them all."""
    found = {type(placeholders.value_of(text)) for text in texts}
    return "text" if str in found else "float" if float in found else "int"


def _check(
    argv: Sequence[str], named: Sequence[str], texts: Iterable[str], output_metrics: Sequence[str]
) -> None:
    if not argv:
        raise InputError(
            "Expected a command behind --, got none.", "For instance: dltui exec -- python train.py"
        )
    for text in (*argv, *texts):
        if not has_no_surrogates(text):
            raise InputError(f"Expected arguments in UTF-8, got {text[:80]!r}.")
    for pattern in output_metrics:
        try:
            parse_pattern(pattern)
        except ValueError as error:
            raise InputError(f"--metric: {error}.") from error
    for name in placeholders.names(argv):
        if name not in named and name != "seed":
            raise ParamError(
                f"{{{name}}}: no value is given for it.",
                f"Give one: --set {name}=...; or, for the braces themselves: {{{{{name}}}}}",
            )


def _umask() -> int:
    found = os.umask(0o077)
    os.umask(found)
    return found
