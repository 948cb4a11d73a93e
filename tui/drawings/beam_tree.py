"""The search tree of a beam search, drawn from left to right."""

from __future__ import annotations

from collections.abc import Sequence

from engine.session_protocol.language import BeamSearch, TreeNode
from tui.drawings.sentence_surprisal import percent
from tui.terminal.glyphs import glyphs
from tui.ui.displayed_word import START, word_of
from tui.ui.span import Row, Span, row_width

BRANCHES = ("─", "┬", "├", "└", "│")
ASCII_BRANCHES = ("-", "+", "+", "+", "|")
LEAVES = ("key", "accent")
"""style names of the numbers of complete sentences"""
DEEPEST = 60
"""largest number of levels drawn; longer sentences are cut there"""


def tree_rows(answer: BeamSearch, width: int) -> list[Row]:
    """The kept nodes of each level; complete sentences are numbered at their ends."""
    nodes = {node.id: node for node in answer.nodes if node.kept}
    kids: dict[int, list[int]] = {}
    for place, node in nodes.items():
        kids.setdefault(node.parent, []).append(place)
    ends = {found.node: number for number, found in enumerate(answer.sentences, 1)}
    branches = ASCII_BRANCHES if glyphs().ascii_only else BRANCHES
    is_reversed = answer.direction == "reversed"
    seed = Span((" ".join(word_of(word) for word in answer.words) or START) + " ", "strong")
    indent = Span(" " * row_width((seed,)))
    for with_shares in (True, False):
        below = _Tree(nodes, kids, ends, branches, with_shares, is_reversed).below(-1, 0)
        rows = [(seed, *below[0]), *((indent, *rest) for rest in below[1:])]
        if all(row_width(row) <= width for row in rows):
            break
    return [_within(row, width) for row in rows]


class _Tree:
    def __init__(
        self, nodes: dict[int, TreeNode], kids: dict[int, list[int]], ends: dict[int, int],
        branches: Sequence[str], with_shares: bool, reverse: bool,
    ) -> None:  # fmt: skip
        self._nodes, self._kids, self._ends = nodes, kids, ends
        self._branches, self._with_shares, self._reverse = branches, with_shares, reverse

    def below(self, place: int, depth: int) -> list[Row]:
        """The rows to the right of a node."""
        kids = [kid for kid in self._kids.get(place, ()) if self._leads_to_sentence(kid)]
        if depth >= DEEPEST or not kids:
            return [()]
        flat, fork, side, last, down = self._branches
        rows: list[Row] = []
        for number, kid in enumerate(kids):
            is_last = number == len(kids) - 1
            first = (flat if is_last else fork) if number == 0 else (last if is_last else side)
            label = self._label(kid)
            inner = self.below(kid, depth + 1)
            under = " " if is_last else down
            gap = " " * row_width(label)
            rows.append((Span(first + " ", "muted"), *label, *inner[0]))
            rows += [(Span(under + " " + gap, "muted"), *row) for row in inner[1:]]
        return rows

    def _leads_to_sentence(self, place: int) -> bool:
        """Whether a complete sentence goes through the node."""
        return place in self._ends or any(self._leads_to_sentence(kid) for kid in self._kids.get(place, ()))

    def _label(self, place: int) -> Row:
        node = self._nodes[place]
        style_name = "muted" if node.kind == "end" else "text"
        share = f"{percent(node.p)}% " if self._with_shares else ""
        spans = [Span(word_of(node.word, reverse=self._reverse) + " ", style_name), Span(share, "muted")]
        if place in self._ends:
            number = self._ends[place]
            spans.append(Span(f"({number}) ", "key" if number == 1 else "accent"))
        return tuple(spans)


def sentence_rows(answer: BeamSearch) -> list[Row]:
    """The complete sentences, best first."""
    rows: list[Row] = [(Span("       log p   score: log p over a penalty of length", "muted"),)]
    for number, found in enumerate(answer.sentences, 1):
        style_name = "strong" if number == 1 else "text"
        text = " ".join(word_of(word) for word in found.words)
        if not found.ended:
            is_left = answer.direction == "reversed"
            text = f"{glyphs().cut} {text}" if is_left else f"{text} {glyphs().cut}"
        rows.append(
            (
                Span(f"({number}) ", "key"),
                Span(f"{found.logp:8.2f}{found.score:8.2f}  ", "muted"),
                Span(text, style_name),
            )
        )
    return rows


def _within(row: Row, width: int) -> Row:
    if row_width(row) <= width:
        return row
    number = next((span for span in row if span.text.startswith("(") and span.style_name in LEAVES), Span(""))
    spans, room = [], width - 1 - row_width((number,))
    for span in row:
        if len(span.text) > room:
            spans += [Span(span.text[:room], span.style_name), Span(glyphs().cut, "muted")]
            break
        spans.append(span)
        room -= len(span.text)
    return (*spans, number) if number not in spans else tuple(spans)
