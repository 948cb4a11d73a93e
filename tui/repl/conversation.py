"""Commands of the prompt and their responses: requests to the session, written into transcript entries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from engine.client.session import Session
from engine.errors import DltuiError, ParamError
from engine.session_protocol.language import (
    AttentionRequest,
    BeamRequest,
    BlankRequest,
    BlocksRequest,
    BothWaysRequest,
    CompareRequest,
    GatesRequest,
    GeneratedSentence,
    GeneratedWord,
    GenerateRequest,
    ModelAnswer,
    OrdersRequest,
    ScoreRequest,
    SkippedLine,
)
from engine.session_protocol.request import StreamRequest
from tui.drawings import beam_tree, sentence_surprisal
from tui.drawings.words_with_numbers import Column
from tui.repl import attention, gates, tables
from tui.repl.attention import ShownHead
from tui.repl.sampling_settings import PromptSampling
from tui.repl.slash_commands import SlashCommand, parse
from tui.repl.transcript_entry import TranscriptEntry
from tui.ui.displayed_word import word_of
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_text

ENTRIES_LIMIT = 100
LINES_LIMIT = 2_000
"""of a paste"""


class Conversation:
    """The entries of the transcript. `changed` is called after each change of an entry; `run` is the run id
    of the model."""

    def __init__(self, session: Session, sampling: PromptSampling, changed: Callable[[], None]) -> None:
        self._session, self._changed = session, changed
        self.sampling = sampling
        self.run = ""
        self.direction = "forward"
        self.other = ""
        """run id of the default model for /compare"""
        self.lacks_partner = False
        """whether the last command failed because no model of the other direction has the same vocabulary"""
        self.entries: list[TranscriptEntry] = []
        self._commands: dict[str, Callable[[TranscriptEntry, str], Awaitable[None]]] = {
            "generate": self._generate, "score": self._score, "both": self._both, "blank": self._blank,
            "orders": self._orders, "beam": self._beam, "gates": self._gates,
            "attention": self._attention, "blocks": self._blocks, "compare": self._compare,
        }  # fmt: skip

    def add(self, line: str) -> TranscriptEntry:
        entry = TranscriptEntry(line)
        self.entries.append(entry)
        del self.entries[:-ENTRIES_LIMIT]
        self._changed()
        return entry

    def clear(self) -> None:
        self.entries.clear()
        self._changed()

    @property
    def table(self) -> TranscriptEntry | None:
        """The newest table of lines."""
        return next((entry for entry in reversed(self.entries) if entry.order is not None), None)

    @property
    def gates(self) -> TranscriptEntry | None:
        """The newest entry that shows gates."""
        return next((entry for entry in reversed(self.entries) if entry.gates is not None), None)

    @property
    def attention(self) -> TranscriptEntry | None:
        """The newest entry that shows a head, unless one with gates is newer."""
        shown = (entry for entry in reversed(self.entries) if entry.gates or entry.attention)
        newest = next(shown, None)
        return newest if newest is not None and newest.attention is not None else None

    def set(self, command: SlashCommand, text: str) -> TranscriptEntry:
        """Sets a sampling parameter; without `text` adds an entry with its value."""
        entry = self.add(f"{command.word} {text}".strip())
        try:
            if text or command.name == "seed":
                self.sampling = self.sampling.set(command.name, text)
            entry.note(self.sampling.setting_text(command.name), "text")
        except ParamError as error:
            entry.note(str(error), "bad")
        self._changed()
        return entry

    async def submit(self, line: str) -> None:
        """Runs a command. Errors are added to its entry; when cancelled, the entry keeps what has come."""
        entry, self.lacks_partner = self.add(line), False
        try:
            command, text = parse(line)
            await self._commands[command.name](entry, text)
        except DltuiError as error:
            entry.note(str(error), "bad")
            if "shares the vocabulary" in error.message:
                self.lacks_partner = True
                entry.note_keys("^n : sets it up")
        except asyncio.CancelledError:
            entry.note("Stopped.", "warn")
            raise
        finally:
            self._changed()

    async def score_all(self, texts: Sequence[str]) -> None:
        """Scores pasted lines as one table; lines after LINES_LIMIT and lines without a word are left out."""
        entry = self.add(f"/score {len(texts):,} lines")
        try:
            request = ScoreRequest(texts[:LINES_LIMIT], self.run, ranks=False, skip=True)
            response = await self._session.ask(request)
            entry.order = 0
            entry.set_content(lambda width: tables.batch(response, entry.order or 0, width))
            entry.note(_left_out(len(texts), response.skipped), "warn")
            self._note_source(entry, response)
        except DltuiError as error:
            entry.note(str(error), "bad")
        except asyncio.CancelledError:
            entry.note("Stopped.", "warn")
            raise
        finally:
            self._changed()

    def sort(self, entry: TranscriptEntry) -> None:
        entry.order = ((entry.order or 0) + 1) % len(tables.ORDERS)
        entry.invalidate()
        self._changed()

    async def select_unit(self, entry: TranscriptEntry, by: int) -> None:
        """Shows the gates of the next or previous unit, in the order of how much their cells change."""
        assert entry.gates is not None
        request, shown = entry.gates
        units = shown.liveliest
        place = units.index(shown.unit) if shown.unit in units else 0
        await self._update_gates(entry, replace(request, unit=units[(place + by) % len(units)]))
        self._changed()

    def select_head(self, entry: TranscriptEntry, *, head: int = 0, block: int = 0) -> None:
        """Shows a head so many further."""
        assert entry.attention is not None
        self._show_head(entry, entry.attention.select(head=head, block=block))
        self._changed()

    # --- commands --------------------------------------------------------------------------------------

    async def _generate(self, entry: TranscriptEntry, text: str) -> None:
        params = self.sampling.generate_params(text)
        await self._stream(entry, text, GenerateRequest(run=self.run, text=text, **params))

    async def _both(self, entry: TranscriptEntry, text: str) -> None:
        params = self.sampling.generate_params(text) | self._side()
        await self._stream(entry, text, BothWaysRequest(text=text, **params))

    def _side(self) -> dict[str, Any]:
        """The model as a parameter of a request to a pair."""
        return {"reverse" if self.direction == "reversed" else "forward": self.run}

    async def _stream(
        self, entry: TranscriptEntry, text: str, request: StreamRequest[GeneratedWord | GeneratedSentence]
    ) -> None:
        """Adds words as they are received; when cancelled, the stream is closed."""
        columns: list[Column] = [sentence_surprisal.typed_word(one) for one in text.split()]
        entry.set_content(lambda width: sentence_surprisal.generated_rows(columns, width))
        async with contextlib.aclosing(self._session.parts(request)) as parts:
            async for part in parts:
                if isinstance(part, GeneratedSentence):
                    self._mark_unknown(columns, part)
                    self._finish(entry, part)
                else:
                    place = 0 if part.side == "left" else len(columns)
                    columns.insert(place, sentence_surprisal.generated_word(part))
                    entry.invalidate()
                self._changed()

    def _mark_unknown(self, columns: list[Column], done: GeneratedSentence) -> None:
        unknown = {word_of(word) for word in done.unknown}
        for place, column in enumerate(columns):
            if not column[1].text and column[0].text.lower() in unknown:
                columns[place] = sentence_surprisal.typed_word(column[0].text, known=False)

    def _finish(self, entry: TranscriptEntry, done: GeneratedSentence) -> None:
        added = done.added
        words = (
            "the end came first"
            if not added
            else f"log-probability {sentence_surprisal.logp_text(done.logp)}"
        )
        entry.note(f"{added} {'word' if added == 1 else 'words'} added, {words}, seed {done.seed}")
        self._note_unknown(entry, done.unknown)
        self._note_source(entry, done, f"; {', '.join(self.sampling.full_summary(done.seed))}")

    async def _score(self, entry: TranscriptEntry, text: str) -> None:
        response = await self._session.ask(ScoreRequest([text], self.run))
        scored = response.sentences[0]
        entry.set_content(
            partial(sentence_surprisal.scored_rows, scored, reverse=response.direction == "reversed")
        )
        entry.note(sentence_surprisal.LEGEND)
        self._note_source(entry, response)

    async def _blank(self, entry: TranscriptEntry, text: str) -> None:
        response = await self._session.ask(BlankRequest(text, **self._side()))
        entry.set_content(partial(tables.fillings, response))
        self._note_unknown(entry, response.unknown)
        self._note_source(entry, response)

    async def _orders(self, entry: TranscriptEntry, text: str) -> None:
        response = await self._session.ask(OrdersRequest(text, self.run, k=12))
        entry.set_content(partial(tables.orders, response))
        self._note_source(entry, response)

    async def _beam(self, entry: TranscriptEntry, text: str) -> None:
        params = self.sampling.length_params(text)
        request = BeamRequest(run=self.run, text=text, width=self.sampling.width, **params)
        response = await self._session.ask(request)
        entry.set_content(
            lambda width: [*beam_tree.tree_rows(response, width), (), *beam_tree.sentence_rows(response)]
        )
        self._note_unknown(entry, response.unknown)
        self._note_source(entry, response, f"; {', '.join(self.sampling.beam_summary())}")

    async def _gates(self, entry: TranscriptEntry, text: str) -> None:
        marks, rest = marked(text, {"u": "a unit", "l": "a layer"}, "@u12 @l2")
        await self._update_gates(entry, GatesRequest(rest, self.run, marks.get("l", 1) - 1, marks.get("u")))

    async def _update_gates(self, entry: TranscriptEntry, request: GatesRequest) -> None:
        response = await self._session.ask(request)
        entry.gates = request, response
        entry.set_content(partial(gates.heat, response))
        entry.note_keys("esc, then ] or [ : the other units whose cells change most")
        self._note_source(entry, response)

    async def _attention(self, entry: TranscriptEntry, text: str) -> None:
        marks, rest = marked(text, {"h": "a head", "b": "a block"}, "@h2 @b1")
        response = await self._session.ask(AttentionRequest(rest, self.run))
        self._show_head(entry, attention.first_shown(response, marks.get("h", 1), marks.get("b", 1)))
        entry.note_keys("esc, then ] or [ : other heads, } or { : other blocks")
        self._note_unknown(entry, response.unknown)
        self._note_source(entry, response)

    def _show_head(self, entry: TranscriptEntry, shown: ShownHead) -> None:
        entry.attention = shown
        entry.set_content(partial(attention.head_rows, shown))

    async def _blocks(self, entry: TranscriptEntry, text: str) -> None:
        response = await self._session.ask(BlocksRequest(text, self.run))
        entry.set_content(partial(attention.block_rows, response))
        self._note_unknown(entry, response.unknown)
        self._note_source(entry, response)

    async def _compare(self, entry: TranscriptEntry, text: str) -> None:
        named, _, rest = text.partition(" ") if text.startswith("@") else ("", "", text)
        other = named[1:] or self.other
        if not other:
            raise ParamError("There is no other model to compare with.", "Name one: /compare @RUN TEXT")
        runs = [self.run, other]
        response = await self._session.ask(CompareRequest(runs, rest.strip(), k=5))
        generated = [await self._continuation(run, rest) for run in runs]

        def compose(width: int) -> list[Row]:
            rows = tables.side_by_side(response, width)
            rows += [(), (Span("continuations, sampled from the same seed", "muted"),)]
            for mark, words in zip("AB", generated, strict=False):
                rows += [(Span(f"{mark} ", "key"), *row) for row in wrap_text(words, width - 2, "text")]
            return rows

        entry.set_content(compose)
        entry.source = "; ".join(f"{one.run}, {one.weights}" for one in response.models)

    async def _continuation(self, run: str, text: str) -> str:
        """A sentence sampled from a model; with seed 1 where none is set, so that models use the same one."""
        seed = 1 if self.sampling.seed is None else self.sampling.seed
        params = self.sampling.generate_params(text) | {"seed": seed}
        try:
            request = GenerateRequest(run=run, text=text, **params)
            async with contextlib.aclosing(self._session.parts(request)) as parts:
                words = [part.words async for part in parts if isinstance(part, GeneratedSentence)]
        except DltuiError as error:
            return str(error)
        return " ".join(map(word_of, words[-1]))

    def _note_unknown(self, entry: TranscriptEntry, unknown: Sequence[str]) -> None:
        if unknown:
            words = ", ".join(map(word_of, unknown[:8]))
            entry.note(f"? not in its vocabulary: {words}", "warn")

    def _note_source(self, entry: TranscriptEntry, response: ModelAnswer, drawn: str = "") -> None:
        entry.source = f"{response.run}, {response.weights}{drawn}"
        entry.note(response.notice, "warn")
        if response.is_running:
            entry.note(f"It still trains: {response.weights}.", "warn")


def _left_out(lines: int, skipped: Sequence[SkippedLine]) -> str:
    """Which lines of a paste were not scored, and why; empty when all were."""
    notes = []
    if skipped:
        more = f" {len(skipped) - 1:,} more like it." if len(skipped) > 1 else ""
        notes.append(f"Left out: {skipped[0].error}{more}")
    if lines > LINES_LIMIT:
        notes.append(f"Only the first {LINES_LIMIT:,} lines are scored: dltui score --file takes any number.")
    return " ".join(notes)


def marked(text: str, kinds: Mapping[str, str], example: str) -> tuple[dict[str, int], str]:
    """The numbers in front of a text, such as @u12, by their letter, and the rest. Raises ParamError."""
    found, rest = dict[str, int](), text.split()
    while rest and rest[0].startswith("@"):
        kind, digits = rest[0][1:2], rest[0][2:]
        if kind not in kinds or not digits.isdecimal() or len(digits) > 6:
            expected = ", or ".join(f"@{letter} and {word}" for letter, word in kinds.items())
            raise ParamError(f"{rest[0][:20]}: expected {expected}.", example)
        found[kind], rest = int(digits), rest[1:]
    return found, " ".join(rest)
