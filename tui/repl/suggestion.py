"""Which words are on offer for a line that is being typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from engine.client.session import Session, Superseded
from engine.errors import DltuiError, EngineError
from engine.protocol import Json
from tui.repl.completions import Completion
from tui.repl.slash import BY_NAME, SAMPLED, TEXTUAL
from tui.ui.shown_word import word_of

SEARCHED = 1_000
"""words that are looked through for those that begin with a few letters"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`line` is what it is of. A word that is taken stands in for `fragment`, the letters it begins with."""

    line: str
    items: tuple[Completion, ...] = ()
    fragment: str = ""
    reverse: bool = False
    says: str = ""

    @property
    def words(self) -> list[str]:
        return [item.text for item in self.items if item.kind == "word"]

    def taken(self, place: int) -> str | None:
        """The line with that word in it; None where there is no such word."""
        words = self.words
        if not 0 <= place < len(words):
            return None
        start, text = cut(self.line)
        kept = text[: len(text) - len(self.fragment)] if self.fragment else text
        if self.reverse and not self.fragment:
            return f"{start}{words[place]} {kept.strip()}".strip() + " "
        return f"{start}{kept.rstrip()} ".lstrip(" " if not start else "") + words[place] + " "


def cut(line: str) -> tuple[str, str]:
    """The slash word with its blank, and the text behind it."""
    if not line.startswith("/"):
        return "", line
    word, blank, text = line.partition(" ")
    return word + blank, text


def asks_for_words(line: str) -> bool:
    """Whether the next word of its text can be shown."""
    if not line.startswith("/"):
        return True
    word, blank, _ = line.partition(" ")
    return bool(blank) and word[1:] in TEXTUAL and word[1:] in BY_NAME


def is_sampled(line: str) -> bool:
    """Whether enter draws the next word of its text at random."""
    return not line.startswith("/") or cut(line)[0][1:].strip() in SAMPLED


async def suggest(
    session: Session, run: str, line: str, reverse: bool, k: int, sampling: Mapping[str, object] | None = None
) -> Suggestion:
    """With `sampling` (facts of language.predict) the words say how probably they are drawn.

    Raises Superseded, and DltuiError when the session is gone.
    """
    text = cut(line)[1]
    fragment = "" if not text or text.endswith(" ") else text.split()[-1]
    none = Suggestion(line, reverse=reverse)
    predict = partial(session.request, "language.predict", newest="bars", run=run, **(sampling or {}))
    try:
        answer = await predict(text=text, k=k)
    except (Superseded, EngineError):
        raise
    except DltuiError as error:
        begun = await _begun(predict, none, text, fragment, sampling) if fragment else None
        return begun if begun is not None and begun.items else replace(none, says=str(error))
    if fragment and fragment.lower() in [str(word).lower() for word in answer["unknown"]]:
        begun = await _begun(predict, none, text, fragment, sampling)
        if begun is not None and begun.items:
            return begun
    unknown = ", ".join(map(word_of, answer["unknown"][:4]))
    says = f"? not in its vocabulary: {unknown}" if unknown else ""
    return replace(none, items=tuple(_offered(answer["candidates"], none, sampling)), says=says)


async def _begun(
    predict: Callable[..., Awaitable[Json]], none: Suggestion, text: str, fragment: str,
    sampling: Mapping[str, object] | None,
) -> Suggestion | None:  # fmt: skip
    """The words that begin with these letters."""
    before = "" if none.reverse else text[: len(text) - len(fragment)]
    try:
        answer = await predict(text=before, k=SEARCHED)
    except (Superseded, EngineError):
        raise
    except DltuiError:
        return None
    found = [one for one in answer["candidates"] if str(one["word"]).startswith(fragment.lower())]
    items = tuple(item for item in _offered(found, none, sampling) if item.kind == "word")[:20]
    return replace(none, items=items, fragment=fragment)


def _offered(
    candidates: Sequence[Json], none: Suggestion, sampling: Mapping[str, object] | None
) -> list[Completion]:
    return [
        Completion(
            word_of(one["word"], reverse=none.reverse), float(one["p"]), kind=str(one["kind"]),
            drawn=float(one["drawn"]) if sampling else None,
        )
        for one in candidates
    ]  # fmt: skip
