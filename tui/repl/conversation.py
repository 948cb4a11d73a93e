"""What was said to the models and what they answered; every question goes to the session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from engine.client.session import Session
from engine.errors import DltuiError, ParamError
from engine.protocol import Json
from tui.drawings import sentence, tree
from tui.drawings.grid import Column
from tui.repl import gates, tables
from tui.repl.entry import TranscriptEntry
from tui.repl.sampling import Sampling
from tui.repl.slash import Slash, parted
from tui.ui.shown_word import word_of
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_text

KEPT = 100
LINES_LIMIT = 2_000
"""of a paste"""
UNITS = 8
SETTINGS = ("temperature", "length", "seed", "topk", "topp", "width", "repetition")


class Conversation:
    """`changed` is called whenever an entry has grown. `run` is the model that answers, by its id."""

    def __init__(self, session: Session, sampling: Sampling, changed: Callable[[], None]) -> None:
        self._session, self._changed = session, changed
        self.sampling = sampling
        self.run = ""
        self.direction = "forward"
        self.other = ""
        """with which it is compared when no other is named"""
        self.lacks_partner = False
        """the last answer was that no model of the other direction shares the vocabulary"""
        self.entries: list[TranscriptEntry] = []
        self._words: dict[str, Callable[[TranscriptEntry, str], Awaitable[None]]] = {
            "generate": self._generate, "score": self._score, "both": self._both, "blank": self._blank,
            "orders": self._orders, "beam": self._beam, "gates": self._gates, "compare": self._compare,
        }  # fmt: skip

    def add(self, line: str) -> TranscriptEntry:
        entry = TranscriptEntry(line)
        self.entries.append(entry)
        del self.entries[:-KEPT]
        self._changed()
        return entry

    def clear(self) -> None:
        self.entries.clear()
        self._changed()

    def newest(self, kind: str) -> TranscriptEntry | None:
        return next((entry for entry in reversed(self.entries) if entry.kind == kind), None)

    def set(self, slash: Slash, text: str) -> TranscriptEntry:
        """A setting; without a value it is said what it is."""
        entry = self.add(f"{slash.word} {text}".strip())
        try:
            if text or slash.name == "seed":
                self.sampling = self.sampling.set(slash.name, text)
            entry.note(self._said_of(slash.name), "text")
        except ParamError as error:
            entry.note(str(error), "bad")
        self._changed()
        return entry

    def _said_of(self, name: str) -> str:
        value = getattr(self.sampling, name)
        if name == "length":
            return f"length: {self.sampling.length_words()}"
        if name == "seed" and value < 0:
            return "seed: a fresh one each time"
        return f"{name}: {value:g}" if isinstance(value, float) else f"{name}: {value:,}"

    async def say(self, line: str) -> None:
        """Have it answered; what goes wrong is the answer then. Cancelled, it keeps what has come."""
        entry, self.lacks_partner = self.add(line), False
        try:
            slash, text = parted(line)
            await self._words[slash.name](entry, text)
        except DltuiError as error:
            entry.note(str(error), "bad")
            if "shares the vocabulary" in error.message:
                self.lacks_partner = True
                entry.say_keys("^n : sets it up")
        except asyncio.CancelledError:
            entry.note("Stopped.", "warn")
            raise
        finally:
            self._changed()

    async def score_all(self, texts: Sequence[str]) -> None:
        """A batch, as it was pasted; lines beyond the first ones are left out, and lines without a word."""
        entry = self.add(f"/score {len(texts):,} lines")
        try:
            answer = await self._ask("score", texts=list(texts[:LINES_LIMIT]), ranks=False, skip=True)
            entry.put("batch", {"answer": answer, "order": 0})
            entry.show(lambda width: tables.batch(answer, entry.data["order"], width))
            entry.note(_left_out(len(texts), answer.get("skipped", ())), "warn")
            self._say_notice(entry, answer)
        except DltuiError as error:
            entry.note(str(error), "bad")
        except asyncio.CancelledError:
            entry.note("Stopped.", "warn")
            raise
        finally:
            self._changed()

    def sort(self, entry: TranscriptEntry) -> None:
        entry.data["order"] = (entry.data["order"] + 1) % len(tables.ORDERS)
        entry.changed()
        self._changed()

    async def turn_unit(self, entry: TranscriptEntry, by: int) -> None:
        """Another unit of the same gates: along the liveliest ones."""
        answer = entry.data["answer"]
        units = answer["liveliest"]
        place = units.index(answer["unit"]) if answer["unit"] in units else 0
        facts = {**entry.data["facts"], "unit": units[(place + by) % len(units)]}
        await self._show_gates(entry, facts)
        self._changed()

    # --- words -----------------------------------------------------------------------------------------

    async def _generate(self, entry: TranscriptEntry, text: str) -> None:
        await self._stream(entry, "generate", text, run=self.run)

    async def _both(self, entry: TranscriptEntry, text: str) -> None:
        side = "reverse" if self.direction == "reversed" else "forward"
        await self._stream(entry, "both", text, **{side: self.run})

    async def _stream(self, entry: TranscriptEntry, word: str, text: str, **run: str) -> None:
        """Word by word; closing the stream ends the drawing."""
        columns: list[Column] = [sentence.typed_word(one) for one in text.split()]
        entry.show(lambda width: sentence.generated_rows(columns, width))
        facts = {**run, "text": text, **self.sampling.facts(text)}
        async with contextlib.aclosing(self._session.stream(f"language.{word}", **facts)) as parts:
            async for part in parts:
                if part.get("done"):
                    self._mark_unknown(columns, part)
                    self._finish(entry, part)
                else:
                    columns.insert(
                        0 if part["side"] == "left" else len(columns), sentence.generated_word(part)
                    )
                    entry.changed()
                self._changed()

    def _mark_unknown(self, columns: list[Column], done: Json) -> None:
        unknown = {word_of(word) for word in done["unknown"]}
        for place, column in enumerate(columns):
            if not column[1].text and column[0].text.lower() in unknown:
                columns[place] = sentence.typed_word(column[0].text, known=False)

    def _finish(self, entry: TranscriptEntry, done: Json) -> None:
        added = int(done["added"])
        words = "the end came first" if not added else f"log-probability {sentence.logp_text(done['logp'])}"
        entry.note(f"{added} {'word' if added == 1 else 'words'} added, {words}, seed {done['seed']}")
        self._say_unknown(entry, done)
        self._say_notice(entry, done, f"; {', '.join(self.sampling.all_words(int(done['seed'])))}")

    async def _score(self, entry: TranscriptEntry, text: str) -> None:
        answer = await self._ask("score", texts=[text])
        scored = answer["sentences"][0]
        entry.show(partial(sentence.scored_rows, scored, reverse=answer["direction"] == "reversed"))
        entry.note(sentence.LEGEND)
        self._say_notice(entry, answer)

    async def _blank(self, entry: TranscriptEntry, text: str) -> None:
        side = "reverse" if self.direction == "reversed" else "forward"
        facts: Json = {"text": text, side: self.run}
        answer = await self._session.request("language.blank", k=10, **facts)
        entry.show(partial(tables.fillings, answer))
        self._say_unknown(entry, answer)
        self._say_notice(entry, answer)

    async def _orders(self, entry: TranscriptEntry, text: str) -> None:
        answer = await self._ask("orders", text=text, k=12)
        entry.show(partial(tables.orders, answer))
        self._say_notice(entry, answer)

    async def _beam(self, entry: TranscriptEntry, text: str) -> None:
        bounds = self.sampling.bounds(text)
        answer = await self._ask("beam", text=text, width=self.sampling.width, **bounds)
        entry.show(lambda width: [*tree.tree_rows(answer, width), (), *tree.sentence_rows(answer)])
        self._say_unknown(entry, answer)
        how = f"width {self.sampling.width}, {self.sampling.length_words()}"
        self._say_notice(entry, answer, f"; {how}, repetition {self.sampling.repetition:g}")

    async def _gates(self, entry: TranscriptEntry, text: str) -> None:
        unit, layer, rest = None, 0, text.split()
        while rest and rest[0].startswith("@"):
            kind, number = rest[0][1:2], rest[0][2:]
            if kind not in ("u", "l") or not number.isdigit():
                raise ParamError(f"{rest[0][:20]}: expected @u and a unit, or @l and a layer.", "@u12 @l2")
            if kind == "u":
                unit = int(number)
            else:
                layer = int(number) - 1
            rest = rest[1:]
        await self._show_gates(entry, {"text": " ".join(rest), "layer": layer, "unit": unit})

    async def _show_gates(self, entry: TranscriptEntry, facts: Json) -> None:
        answer = await self._ask("gates", **facts)
        entry.put("gates", {"answer": answer, "facts": facts})
        entry.show(partial(gates.heat, answer))
        entry.say_keys("esc, then ] or [ : the other units whose cells change most")
        self._say_notice(entry, answer)

    async def _compare(self, entry: TranscriptEntry, text: str) -> None:
        named, _, rest = text.partition(" ") if text.startswith("@") else ("", "", text)
        other = named[1:] or self.other
        if not other:
            raise ParamError("There is no other model to compare with.", "Name one: /compare @RUN TEXT")
        runs = [self.run, other]
        answer = await self._session.request("language.compare", runs=runs, text=rest.strip(), k=5)
        generated = [await self._drawn(run, rest) for run in runs]

        def compose(width: int) -> list[Row]:
            rows = tables.side_by_side(answer, width)
            rows += [(), (Span("continuations, sampled from the same seed", "muted"),)]
            for mark, words in zip("AB", generated, strict=False):
                rows += [(Span(f"{mark} ", "key"), *row) for row in wrap_text(words, width - 2, "text")]
            return rows

        entry.show(compose)
        entry.source = "; ".join(f"{one['run']}, {one['weights']}" for one in answer["models"])

    async def _drawn(self, run: str, text: str) -> str:
        """What a model draws from it, with the same seed as the others."""
        seed = 1 if self.sampling.seed is None else self.sampling.seed
        facts = {**self.sampling.facts(text), "run": run, "text": text, "seed": seed}
        try:
            async with contextlib.aclosing(self._session.stream("language.generate", **facts)) as parts:
                done = [part async for part in parts][-1]
        except DltuiError as error:
            return str(error)
        return " ".join(word_of(word) for word in done["words"])

    async def _ask(self, word: str, **facts: Any) -> Json:
        return await self._session.request(f"language.{word}", run=self.run, **facts)

    def _say_unknown(self, entry: TranscriptEntry, answer: Json) -> None:
        unknown = [word_of(word) for word in answer.get("unknown", ())]
        if unknown:
            entry.note(f"? not in its vocabulary: {', '.join(unknown[:8])}", "warn")

    def _say_notice(self, entry: TranscriptEntry, answer: Json, drawn: str = "") -> None:
        entry.source = f"{answer['run']}, {answer['weights']}{drawn}"
        entry.note(str(answer.get("notice", "")), "warn")
        if answer.get("is_running"):
            entry.note(f"It still trains: {answer['weights']}.", "warn")


def _left_out(lines: int, skipped: Sequence[Json]) -> str:
    """What of a paste was not scored; empty when all of it was."""
    said = []
    if skipped:
        more = f" {len(skipped) - 1:,} more like it." if len(skipped) > 1 else ""
        said.append(f"Left out: {skipped[0]['error']}{more}")
    if lines > LINES_LIMIT:
        said.append(f"Only the first {LINES_LIMIT:,} lines are scored: dltui score --file takes any number.")
    return " ".join(said)
