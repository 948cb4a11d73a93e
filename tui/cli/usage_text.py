"""Usage texts: of a command, and of the table of commands."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

from engine.params import Param, parse_value


class Verb(TyperCommand):
    """A command with usage as in manuals (RUN, [FILTER], RUN...) and numbers parsed as by --set."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for option in self.params:
            _read_strictly(option)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [_as_in_manuals(piece) for piece in super().collect_usage_pieces(ctx)]


def _read_strictly(option: Any) -> None:
    """Parse a number as --set does: leading zeros and values out of bounds are errors."""
    kind, bounds = _number(option)
    if kind is None:
        return
    name = max(option.opts, key=len).lstrip("-")
    least, most = getattr(bounds, "min", None), getattr(bounds, "max", None)
    param = Param(name, kind, kind(0), "", least=least, most=most)
    process = option.process_value

    def read_and_process(context: Any, value: Any) -> Any:
        return process(context, parse_value(param, value) if isinstance(value, str) else value)

    option.process_value = read_and_process


def _number(option: Any) -> tuple[type[int] | type[float] | None, Any]:
    """The kind of number the option takes, None for other options, and the object with its bounds."""
    descriptor = getattr(option, "type_descriptor", None)
    if descriptor is None:  # a Typer version based on Click
        names = {"integer": int, "float": float}
        return names.get(option.type.name.split()[0]), option.type
    kinds = {int: int, int | None: int, float: float, float | None: float}
    return kinds.get(descriptor.annotation), descriptor.parameter_info


def _as_in_manuals(piece: str) -> str:
    if " " in piece:  # several arguments in one, written out
        return piece.strip("{}.")
    bare = re.sub(r"^\{(.*)\}", r"\1", piece).replace("[[", "[").replace("]]", "]")
    return re.sub(r"(\.\.\.)+(\]?)(\.\.\.)*$", r"\2...", bare)


class Verbs(TyperGroup):
    """The table of commands in groups; a command of no group is listed in the last one."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        left = [name for name in self.list_commands(ctx) if name not in _GROUPED]
        for title, names in GROUPS.items():
            shown = [*names, *left] if title == LAST_GROUP else names
            with formatter.section(title):
                formatter.write_dl([(name, self._short_help(ctx, name)) for name in shown])

    def _short_help(self, ctx: Any, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(SHORT_HELP) if command else ""


GROUPS: dict[str, tuple[str, ...]] = {
    "Runs": (
        "run",
        "exec",
        "new",
        "pause",
        "resume",
        "stop",
        "set",
        "rename",
        "tag",
        "note",
        "rm",
        "undo",
        "import",
    ),
    "Look": ("ls", "show", "logs", "plot", "media", "compare", "analyse", "export", "report", "experiments"),
    "Sweeps": ("sweep",),
    "Language models": ("predict", "generate", "score", "both", "blank", "orders"),
    "Learn": ("learn",),
    "Machine and help": ("notify", "doctor", "engine", "verify", "reindex", "track", "keys", "help"),
}
LAST_GROUP = "Machine and help"
_GROUPED = {name for names in GROUPS.values() for name in names}
SHORT_HELP = 60
"""characters of a description beside the command name in 80 columns"""
