"""Who one talks to, and how its words are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.protocol import Json, number_from_json
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.line import Line, left_and_right
from tui.ui.numbers import short
from tui.ui.span import Row, Span, row_width

MEASURES = (("test_perplexity", ""), ("val_perplexity", " (validation)"), ("perplexity", " (training)"))


class ModelLine(Line):
    """`model` is a row of `language.models`."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._model: Json | None = None
        self._manner: Sequence[str] = ()
        self._trouble = ""

    def show(self, model: Json | None, sampling: Sequence[str]) -> None:
        self._model, self._manner = model, tuple(sampling)
        self.draw()

    def say(self, trouble: str) -> None:
        """What is wrong, in place of all else; empty when all is well."""
        self._trouble = plain(trouble, limit=300)
        self.draw()

    def row(self, width: int) -> Row:
        if self._trouble:
            return (Span(f" {self._trouble}", "warn"),)
        if self._model is None:
            return (Span(" no language model yet", "muted"),)
        dot = f" {glyphs().dot} "
        name = name_of(self._model)
        facts = [words for words in facts_of(self._model) if words not in name]
        left: Row = (Span(" " + name, "strong"),)
        sampling = list(self._manner)
        while len(sampling) > 1 and len(name) + len(facts[0]) + len(dot.join([*sampling, ""])) + 4 > width:
            sampling.pop()  # which weights answer has to be seen
        right: Row = (Span(dot.join(sampling), "accent"), Span(" "))
        for number, words in enumerate(facts):
            style_name = "warn" if number == 0 and self._model["is_running"] else "muted"
            more = (*left, Span(dot, "line"), Span(words, style_name))
            if row_width(more) + row_width(right) + 2 > width:
                break
            left = more
        return left_and_right(left, right, width)


def name_of(model: Json) -> str:
    return plain(str(model["name"]) or str(model["run"]).split("-", 2)[-1], limit=30)


def facts_of(model: Json) -> list[str]:
    """The most important first: which weights answer."""
    layers = int(model["layers"])
    weights = weights_of(model)
    words = [f"still training, {weights}" if model["is_running"] else weights]
    words += [str(model["direction"]), f"{layers} {'layer' if layers == 1 else 'layers'}"]
    words += [f"perplexity {value}"] if (value := perplexity_of(model)) else []
    words += [str(model["framework"]), f"{int(model['vocabulary']):,} words"]
    return [plain(one, limit=60) for one in words]


def weights_of(model: Json) -> str:
    """Such as `best epoch 14, step 266` or `last step 40`."""
    step, epoch = int(model["step"]), model["epoch"]
    whose = "best" if model["is_best"] else "last"
    return f"{whose} step {step:,}" if epoch is None else f"{whose} epoch {int(epoch):,}, step {step:,}"


def perplexity_of(model: Json) -> str:
    """The fairest that is known: of the test sentences, else said otherwise."""
    for name, part in MEASURES:
        if name in model["perplexities"]:
            value = number_from_json(model["perplexities"][name])
            return (f"{value:.1f}" if 1 <= value < 10_000 else short(value)) + part
    return ""
