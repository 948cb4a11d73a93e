"""Words suggested for the line that is being typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.client.session import Session, Superseded
from engine.errors import DltuiError, EngineError
from engine.session_protocol.language import NextWord, NextWords, NextWordsRequest
from tui.repl.completions import Completion
from tui.repl.slash_commands import BY_NAME, SAMPLED, WITH_SUGGESTIONS
from tui.ui.displayed_word import word_of

CANDIDATES = 1_000
"""words that are requested to find those that begin with a prefix"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The completions of `line`. An inserted word replaces `fragment`, the prefix at the end of the line."""

    line: str
    items: tuple[Completion, ...] = ()
    fragment: str = ""
    reverse: bool = False
    message: str = ""

    @property
    def words(self) -> list[str]:
        return [item.text for item in self.items if item.kind == "word"]

    def taken(self, place: int) -> str | None:
        """The line with that word inserted; None where there is no such word."""
        words = self.words
        if not 0 <= place < len(words):
            return None
        start, text = split_command(self.line)
        kept = text[: len(text) - len(self.fragment)] if self.fragment else text
        if self.reverse and not self.fragment:
            return f"{start}{words[place]} {kept.strip()}".strip() + " "
        return f"{start}{kept.rstrip()} ".lstrip(" " if not start else "") + words[place] + " "


def split_command(line: str) -> tuple[str, str]:
    """The slash command with its space, and the text after it."""
    if not line.startswith("/"):
        return "", line
    word, blank, text = line.partition(" ")
    return word + blank, text


def can_suggest(line: str) -> bool:
    """Whether the next word of its text can be suggested."""
    if not line.startswith("/"):
        return True
    word, blank, _ = line.partition(" ")
    return bool(blank) and word[1:] in WITH_SUGGESTIONS and word[1:] in BY_NAME


def is_sampled(line: str) -> bool:
    """Whether enter draws the next word of its text at random."""
    return not line.startswith("/") or split_command(line)[0][1:].strip() in SAMPLED


async def suggest(
    session: Session, run: str, line: str, reverse: bool, k: int, sampling: Mapping[str, Any] | None = None
) -> Suggestion:
    """With `sampling` (parameters of a NextWordsRequest) the completions have the probability of being drawn.

    Raises Superseded, and EngineError when the session has ended.
    """
    text = split_command(line)[1]
    fragment = "" if not text or text.endswith(" ") else text.split()[-1]
    none, is_drawn = Suggestion(line, reverse=reverse), bool(sampling)

    async def predict(text: str, k: int) -> NextWords:
        request = NextWordsRequest(run=run, text=text, k=k, **(sampling or {}))
        return await session.ask(request, newest="suggestion")

    try:
        response = await predict(text, k)
    except (Superseded, EngineError):
        raise
    except DltuiError as error:
        begun = await _by_prefix(predict, none, text, fragment, is_drawn) if fragment else None
        return begun if begun is not None and begun.items else replace(none, message=str(error))
    if fragment and fragment.lower() in [word.lower() for word in response.unknown]:
        begun = await _by_prefix(predict, none, text, fragment, is_drawn)
        if begun is not None and begun.items:
            return begun
    unknown = ", ".join(map(word_of, response.unknown[:4]))
    message = f"? not in its vocabulary: {unknown}" if unknown else ""
    return replace(none, items=tuple(_completions(response.candidates, none, is_drawn)), message=message)


async def _by_prefix(
    predict: Callable[[str, int], Awaitable[NextWords]], none: Suggestion, text: str, fragment: str,
    is_drawn: bool,
) -> Suggestion | None:  # fmt: skip
    """The words that begin with `fragment`; None where they cannot be predicted."""
    before = "" if none.reverse else text[: len(text) - len(fragment)]
    try:
        response = await predict(before, CANDIDATES)
    except (Superseded, EngineError):
        raise
    except DltuiError:
        return None
    found = [one for one in response.candidates if one.word.startswith(fragment.lower())]
    items = tuple(item for item in _completions(found, none, is_drawn) if item.kind == "word")[:20]
    return replace(none, items=items, fragment=fragment)


def _completions(candidates: Sequence[NextWord], none: Suggestion, is_drawn: bool) -> list[Completion]:
    return [
        Completion(
            word_of(one.word, reverse=none.reverse), one.p, kind=one.kind,
            drawn=one.drawn if is_drawn else None,
        )
        for one in candidates
    ]  # fmt: skip
