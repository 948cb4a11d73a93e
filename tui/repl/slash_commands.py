"""Slash commands of the prompt."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import ParamError
from engine.params import Param
from tui.repl.sampling_settings import SETTINGS
from tui.terminal.plain_text import plain


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """`argument` is the placeholder of its argument, empty for none; `is_tab_action`: it is run by the tab,
    not by the conversation."""

    name: str
    argument: str
    help: str
    is_tab_action: bool = False

    @property
    def word(self) -> str:
        return "/" + self.name


def _setting(name: str, param: Param) -> SlashCommand:
    words = param.help.removeprefix(f"{param.name.replace('_', '-')}: ")
    return SlashCommand(name, f"NUMBER|{param.word}" if param.word else "NUMBER", words)


COMMANDS = (
    SlashCommand("generate", "TEXT", "continue the text (as Enter does)"),
    SlashCommand("score", "TEXT", "how probable each word is"),
    SlashCommand("both", "TEXT", "extend left and right, with two models"),
    SlashCommand("blank", "I ___ CUPCAKES", "words that fit the blank"),
    SlashCommand("orders", "TEXT", "rank the orders of these words"),
    SlashCommand("beam", "TEXT", "beam search: the most probable sentences"),
    SlashCommand("compare", "[@RUN] TEXT", "this model beside another"),
    SlashCommand("gates", "[@u7 @l2] TEXT", "one LSTM unit, word by word"),
    SlashCommand("attention", "[@h2 @b1] TEXT", "what each word attends to (transformer)"),
    SlashCommand("blocks", "TEXT", "next words behind each block (transformer)"),
    SlashCommand("model", "[RUN]", "choose the model", is_tab_action=True),
    *(_setting(name, param) for name, param in SETTINGS.items()),
    SlashCommand("export", "[FILE]", "write the transcript to a file", is_tab_action=True),
    SlashCommand("clear", "", "empty the transcript", is_tab_action=True),
    SlashCommand("help", "", "list all commands", is_tab_action=True),
)
BY_NAME = {command.name: command for command in COMMANDS}
WITH_SUGGESTIONS = frozenset({"generate", "score", "both", "orders", "beam", "gates", "attention", "blocks"})
"""commands for whose text next words are suggested"""

SAMPLED = frozenset({"generate", "both"})
"""commands that draw the next word at random"""


def parse(line: str) -> tuple[SlashCommand, str]:
    """The command and its argument; a line without a slash is the argument of /generate.

    Raises ParamError for a command that does not exist, naming one of similar spelling.
    """
    if not line.startswith("/"):
        return BY_NAME["generate"], line.strip()
    name, _, rest = line[1:].partition(" ")
    command = BY_NAME.get(name.lower()) or _by_prefix(name.lower())
    if command is None:
        raise ParamError(f"There is no /{plain(name, limit=30)}.", _hint(name))
    return command, rest.strip()


def completions(line: str) -> Sequence[SlashCommand]:
    """The commands that begin with the line; none once it has an argument."""
    if not line.startswith("/") or " " in line:
        return ()
    begun = line[1:].lower()
    return [command for command in COMMANDS if command.name.startswith(begun)]


def _by_prefix(name: str) -> SlashCommand | None:
    """The only command that begins with `name`; None where there are none or several."""
    found = [command for command in COMMANDS if name and command.name.startswith(name)]
    return found[0] if len(found) == 1 else None


def _hint(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), BY_NAME, n=1, cutoff=0.5)
    return f"Did you mean /{near[0]}?" if near else "/help shows what there is."
