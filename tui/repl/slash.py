"""The words of the prompt that begin with a slash."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import ParamError
from tui.terminal.plain_text import plain


@dataclass(frozen=True, slots=True)
class Slash:
    """`takes` is what stands behind the word, empty for nothing; a `deed` is done by the tab itself."""

    name: str
    takes: str
    help: str
    deed: bool = False

    @property
    def word(self) -> str:
        return "/" + self.name


SLASHES = (
    Slash("generate", "TEXT", "continue the text (as Enter does)"),
    Slash("score", "TEXT", "how probable each word is"),
    Slash("both", "TEXT", "extend left and right, with two models"),
    Slash("blank", "I ___ CUPCAKES", "words that fit the blank"),
    Slash("orders", "TEXT", "rank the orders of these words"),
    Slash("beam", "TEXT", "beam search: the most probable sentences"),
    Slash("compare", "[@RUN] TEXT", "this model beside another"),
    Slash("gates", "[@u7 @l2] TEXT", "one LSTM unit, word by word"),
    Slash("model", "[RUN]", "choose the model", deed=True),
    Slash("temperature", "NUMBER", "0 best word, 1 as learned, 10 chance"),
    Slash("length", "WORDS", "of the whole sentence, as --length; more: 10 are added"),
    Slash("repetition", "NUMBER", "divides the share of words said already; 1: off"),
    Slash("seed", "NUMBER", "same seed, same words; or fresh"),
    Slash("topk", "WORDS", "sample from the best N only, or all"),
    Slash("topp", "SHARE", "sample from the best with this share"),
    Slash("width", "SENTENCES", "how many the beam keeps"),
    Slash("export", "[FILE]", "write the transcript to a file", deed=True),
    Slash("clear", "", "empty the transcript", deed=True),
    Slash("help", "", "what can be said here", deed=True),
)
BY_NAME = {slash.name: slash for slash in SLASHES}
TEXTUAL = frozenset({"generate", "score", "both", "orders", "beam", "gates"})
"""those whose text the next words can be shown of"""

SAMPLED = frozenset({"generate", "both"})
"""those whose next word is drawn at random"""


def parted(line: str) -> tuple[Slash, str]:
    """The word and what stands behind it; a line without a slash is to be gone on from.

    Raises ParamError for a word that does not exist, naming one that is spelled alike.
    """
    if not line.startswith("/"):
        return BY_NAME["generate"], line.strip()
    name, _, rest = line[1:].partition(" ")
    slash = BY_NAME.get(name.lower()) or _begun(name.lower())
    if slash is None:
        raise ParamError(f"There is no /{plain(name, limit=30)}.", _hint(name))
    return slash, rest.strip()


def completions(line: str) -> Sequence[Slash]:
    """What a slash word that is being typed may become; none once its text begins."""
    if not line.startswith("/") or " " in line:
        return ()
    begun = line[1:].lower()
    return [slash for slash in SLASHES if slash.name.startswith(begun)]


def _begun(name: str) -> Slash | None:
    """The only one that begins like that."""
    found = [slash for slash in SLASHES if name and slash.name.startswith(name)]
    return found[0] if len(found) == 1 else None


def _hint(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), BY_NAME, n=1, cutoff=0.5)
    return f"Did you mean /{near[0]}?" if near else "/help shows what there is."
