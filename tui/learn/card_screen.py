"""Questions, one after another: asked, answered by keys, marked by the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from engine.client.session import Session
from engine.errors import DltuiError
from engine.session_protocol.learn import Computing, DueRequest
from engine.session_protocol.learn_items import (
    ItemRequest,
    LockRequest,
    MarkedItem,
    MarkRequest,
    RunOutcome,
    RunRequest,
    TriedItem,
    TryRequest,
    UndoRequest,
)
from tui.dialogs.dialog import Dialog, KeyLine
from tui.drawings.canvas_widget import ImageWidget
from tui.drawings.drawn_points import paint as paint_points
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.keys.learn import RATINGS
from tui.learn.aid_messages import AidComputed, AidLeft
from tui.learn.aid_pane import AidPane
from tui.learn.card_keys import card_keys, keys_beside_text
from tui.learn.card_rows import CardState, card_rows
from tui.learn.curve_card import COARSE, begun, drawn_chart, move_point, points_text, take_typed
from tui.learn.prediction_beside_outcome import paint_outcome
from tui.learn.today_rows import learning_day, number_of
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker
from tui.ui.text_field import TextField
from tui.ui.text_rows import TextRows

OPENED = ("learning", "known")
"""states of a card that is not due: an answer is practice of one's own and is not marked"""
LEAST_PICTURE, LEAST_CURVE, MOST_PICTURE = 3, 5, 14
"""rows of a drawing, and of a curve with its axes"""
FRAME = 8
"""rows of the frame, of the keys and of the blanks between the parts"""
TALL = 36
"""least rows of a screen that shows an aid beside the explanation"""


class CardScreen(Dialog[None]):
    """Asks the items in turn; in a review those that are due once more come after them."""

    SCOPE: Scope = "card"
    BINDINGS = all_keys.bindings("card")
    AUTO_FOCUS = ""

    def __init__(
        self,
        session: Session,
        items: Sequence[str],
        mode: str = "review",
        open_aid: Callable[[str, dict[str, Any]], None] | None = None,
    ) -> None:
        """`mode`: review, one or try; `open_aid` is called with an aid and its parameters once it is left."""
        super().__init__()
        self.session, self.mode = session, mode
        self.waiting = list(items)
        self.done = 0
        self.card: CardState | None = None
        self._later: set[str] = set()
        self._asked_at = 0.0
        self._open_aid = open_aid
        self._end_text = ""
        self.body = TextRows(id="card-body")
        self.picture = ImageWidget(id="card-picture")
        self.pane = AidPane(session, id="card-aid")
        self.field = TextField("", most=200, id="card-field")
        self.keys = KeyLine((), None)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog widest", id="card") as self.box:
            self.box.border_title = Content("question")
            yield self.body
            yield self.field
            yield self.picture
            yield self.pane
            yield self.keys

    def on_mount(self) -> None:
        super().on_mount()
        self._draw()
        start_worker(self, self._next, group="card", exclusive=True)

    # --- one after another -------------------------------------------------------------------------------

    async def _next(self) -> None:
        """Ask the next item; in a review look once more what is due before it ends."""
        self.card = None
        while self.card is None:
            if not self.waiting and not await self._refill():
                self._end()
                return
            item = self.waiting.pop(0)
            try:
                await self._ask(item)
            except DltuiError as error:
                self._later.add(item)
                self.app.notify(plain(str(error), limit=300), severity="warning", markup=False)
        self._draw()

    async def _refill(self) -> bool:
        if self.mode != "review":
            return False
        try:
            today = await self.session.ask(DueRequest())
        except DltuiError as error:
            self._end_text = str(error)
            return False
        self.waiting = [item for item in (*today.due, *today.new) if item not in self._later]
        return bool(self.waiting)

    async def _ask(self, item: str) -> None:
        asked = await self.session.ask(ItemRequest(item))
        if asked.broken:
            self._later.add(item)
            self.app.notify(plain(f"{item} is left out: {asked.broken}", limit=300), markup=False)
            return
        mode = "try" if self.mode == "one" and asked.state in OPENED else self.mode
        self._use(CardState(
            asked,
            mode,
            order=list(range(len(asked.choices))),
            ticks=[False] * len(asked.points),
            points=begun(asked),
            locked=asked.locked,
        ))  # fmt: skip

    def _use(self, card: CardState) -> None:
        self.card = card
        self._asked_at = time.monotonic()
        self.field.value = ""
        if card.asked.form == "build":
            goal = "try it" if card.mode == "try" else "to be solved"
            self.pane.show_aid(card.asked.aid, {}, fixed=dict(card.asked.params), goal=goal)
        if card.locked is not None and card.is_marked:
            self._run()

    def _end(self) -> None:
        if self.mode != "review" or not (self.done or self._end_text):
            self.dismiss(None)
            return
        self.card = None
        count = f"{self.done} card{'' if self.done == 1 else 's'}"
        self._end_text = self._end_text or f"Done: {count}. What was read today is asked in the days to come."
        self._draw()

    # --- drawing -----------------------------------------------------------------------------------------

    def _draw(self) -> None:
        card = self.card
        is_build = card is not None and card.asked.form == "build"
        has_field = card is not None and ((card.is_typed and card.phase == "ask") or card.phase == "seen")
        phases = ("ask", "done") if self.app.size.height >= TALL else ("ask",)
        self.field.display = has_field
        self.pane.display = is_build and card is not None and card.phase in phases
        room = self._picture_room(card, has_field) if card is not None else 0
        self.picture.styles.height = max(1, room)
        self.picture.display = (
            room >= LEAST_PICTURE and card is not None and (card.outcome is not None or card.is_drawn)
        )
        if card is None:
            text = self._end_text or "..."
            self.body.update(lambda width: [(), (_span(text),), ()])
            self.keys.set_keys((("dialog.accept", "close"),) if self._end_text else ())
            self.box.border_title = Content("review" if self._end_text else "question")
            self.box.border_subtitle = Content("")
            return
        self.box.border_title = Content(self.title_text(card))
        self.box.border_subtitle = Content(self.place_text())
        self.body.update(lambda width: card_rows(card, learning_day(), width))
        self.body.refresh(layout=True)
        if card.is_drawn:
            self.picture.update(lambda canvas: paint_points(canvas, drawn_chart(card)))
        elif card.outcome is not None:
            outcome, said = card.outcome, card.locked.answer if card.locked is not None else None
            self.picture.update(lambda canvas: paint_outcome(canvas, card.asked, outcome, said))
        names = self.key_names(card)
        if has_field:
            names = keys_beside_text(names)
        self.keys.set_keys(names)
        if has_field:
            seen = f"what did you see? enter: {card.asked.see or 'nothing to add'}"
            self.field.placeholder = plain(seen if card.phase == "seen" else card.asked.expected, limit=200)
            self.field.focus()
        elif self.pane.display and card.phase == "ask":
            self.pane.focus()
        else:
            self.set_focus(None)

    def _picture_room(self, card: CardState, has_field: bool) -> int:
        """Rows for the drawing, so that the keys below it stay in sight."""
        height = self.app.size.height
        text = min(len(card_rows(card, learning_day(), self.body.size.width or 60)), height * 6 // 10)
        room = min(MOST_PICTURE, height - text - FRAME - (2 if has_field else 0))
        return 0 if card.asked.form == "curve" and room < LEAST_CURVE else room

    def on_resize(self) -> None:
        if self.is_mounted:
            self._draw()

    def title_text(self, card: CardState) -> str:
        kind = "before reading" if card.mode == "try" and self.mode == "try" else card.asked.kind
        return f"{kind} {chr(0xB7)} lecture {number_of(card.asked.lecture)}"

    def place_text(self) -> str:
        now = self.done + (0 if self.card is not None and self.card.marked is not None else 1)
        return f"{now} of {now + len(self.waiting)}" if self.mode == "review" else ""

    def key_names(self, card: CardState) -> list[tuple[str, str]]:
        return card_keys(card, self.mode, bool(self.waiting))

    # --- answers -----------------------------------------------------------------------------------------

    def action_answer(self, digit: int) -> None:
        card = self.card
        if card is None:
            return
        form, place = card.asked.form, digit - 1
        if form == "recall" and card.phase == "shown":
            if digit in RATINGS:
                self._submit(digit)
        elif card.phase == "ask" and form in ("choice", "direction") and place < len(card.asked.choices):
            card.chosen = place
            if card.is_prediction and card.mode != "try":
                self._draw()
            else:
                self._submit(self._chosen(card))
        elif card.phase == "ask" and form == "essay" and place < len(card.ticks):
            card.ticks[place] = not card.ticks[place]
            self._draw()

    def _chosen(self, card: CardState) -> Any:
        """The choice under the cursor as the engine takes it: a direction is a word."""
        return card.asked.choices[card.chosen] if card.asked.form == "direction" else card.chosen

    def action_show(self) -> None:
        card = self.card
        if card is None:
            return
        if card.phase == "done":
            self.action_accept()
        elif card.asked.form == "recall" and card.phase == "ask":
            card.phase = "shown" if card.mode != "try" else "done"
            self._draw()
        elif card.asked.form == "recall" and card.phase == "shown":
            self._submit(3)
        elif card.asked.form == "essay":
            self._submit(list(card.ticks))

    def on_input_submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        card = self.card
        if card is None:
            if self._end_text:
                self.dismiss(None)
            return
        form, phase = card.asked.form, card.phase
        if phase == "done":
            start_worker(self, self._next, group="card", exclusive=True)
        elif phase == "stopped":
            self._run()
        elif phase == "seen":
            self._mark(None, self.field.value.strip() or card.asked.see)
        elif phase == "shown" or (form == "recall" and phase == "ask"):
            self.action_show()
        elif phase != "ask" or form == "build":
            return
        elif form == "essay":
            self._write(card)
        elif form in ("choice", "direction"):
            if card.chosen >= 0:
                self._submit(self._chosen(card))
        elif form == "order":
            self._submit(list(card.order))
        elif form == "curve" and not card.types_numbers:
            self._submit(list(card.points))
        elif self.field.value.strip():
            self._submit(self.field.value)

    def action_choose(self, by: int) -> None:
        card = self.card
        if card is None:
            return
        if card.phase == "ask" and card.asked.form == "order":
            card.cursor = max(0, min(card.cursor + by, len(card.order) - 1))
            self._draw()
        elif card.phase == "ask" and card.asked.form in ("choice", "direction") and card.is_prediction:
            card.chosen = max(0, min(card.chosen + by, len(card.asked.choices) - 1))
            self._draw()
        elif card.is_drawn:
            self._move_point(card, -by)
        else:
            self.body.scroll_relative(y=by, animate=False)

    def action_point(self, by: int) -> None:
        """The next point of a curve, or the one before."""
        card = self.card
        if card is not None and card.is_drawn:
            card.cursor = max(0, min(card.cursor + by, len(card.points) - 1))
            self._draw()

    def _move_point(self, card: CardState, steps: int) -> None:
        move_point(card, steps)
        if card.types_numbers:
            self.field.value = points_text(card.points)
        self._draw()

    def action_type(self) -> None:
        """Type the points of a curve, or draw them again."""
        card = self.card
        if card is not None and card.is_drawn:
            card.types_numbers = not card.types_numbers
            self.field.value = points_text(card.points)
            self._draw()

    @on(Input.Changed)
    def _typed(self) -> None:
        card = self.card
        if card is not None and card.is_drawn and card.types_numbers:
            take_typed(card, self.field.value)
            self.picture.update(lambda canvas: paint_points(canvas, drawn_chart(card)))

    def action_shift(self, by: int) -> None:
        card = self.card
        if card is not None and card.is_drawn:
            self._move_point(card, -by * COARSE)
            return
        if card is None or card.phase != "ask" or card.asked.form != "order":
            return
        place = card.cursor + by
        if 0 <= place < len(card.order):
            order = card.order
            order[card.cursor], order[place] = order[place], order[card.cursor]
            card.cursor = place
            self._draw()

    def _submit(self, answer: Any) -> None:
        card = self.card
        assert card is not None
        if card.mode == "try":
            self._stream(TryRequest(card.asked.id, answer, card.asked.seed), self._tried)
        elif card.is_prediction:
            start_worker(self, self._lock, answer, group="answer", exclusive=True)
        else:
            self._mark(answer)

    async def _lock(self, answer: Any) -> None:
        """On disk before anything runs."""
        card = self.card
        assert card is not None
        try:
            card.locked = await self.session.ask(LockRequest(card.asked.id, answer, card.guessed))
        except DltuiError as error:
            self._refuse(error)
            return
        self._run()

    def _run(self) -> None:
        assert self.card is not None
        self.card.phase = "running"
        self._stream(RunRequest(self.card.asked.id), self._seen)

    def _mark(self, answer: Any, seen: str = "") -> None:
        card = self.card
        assert card is not None
        request = MarkRequest(
            card.asked.id,
            answer,
            guessed=card.guessed,
            hinted=card.hints > 0,
            attempt=card.attempt,
            ms=round((time.monotonic() - self._asked_at) * 1000),
            seen=seen,
            seed=None if card.is_prediction else card.asked.seed,
        )
        self._stream(request, self._marked)

    def _stream(self, request: Any, then: Callable[[Any], None]) -> None:
        start_worker(self, self._read, request, then, group="answer", exclusive=True)

    async def _read(self, request: Any, then: Callable[[Any], None]) -> None:
        card = self.card
        assert card is not None
        before, card.note = card.phase, ""
        try:
            async with aclosing(self.session.parts(request)) as parts:
                async for part in parts:
                    if isinstance(part, Computing):
                        card.phase, card.progress = "running", part.done
                        self._draw()
                    else:
                        card.phase = before
                        then(part)
        except DltuiError as error:
            is_stopped = before == "running" and card.locked is not None
            card.phase = "stopped" if is_stopped else "ask" if before == "running" else before
            self._refuse(error)

    def _refuse(self, error: DltuiError) -> None:
        if self.card is not None:
            self.card.note = plain(str(error), limit=300)
            if self.card.phase == "stopped":
                self.card.note += " The lock stays; the question comes back."
            self._draw()

    def _seen(self, outcome: RunOutcome) -> None:
        assert self.card is not None
        self.card.outcome, self.card.phase = outcome, "seen"
        self.field.value = ""
        self._draw()

    def _marked(self, marked: MarkedItem) -> None:
        card = self.card
        assert card is not None
        if not marked.id and card.asked.form != "build":
            card.attempt += 1
            card.note = marked.difference
            self.field.value = ""
        else:
            card.marked, card.phase = marked, "done"
            self.done += 1
            if card.asked.form == "build":
                self.pane.set_goal("goal reached")
        self._draw()

    def _tried(self, tried: TriedItem) -> None:
        assert self.card is not None
        self.card.tried, self.card.phase = tried, "done"
        self._draw()

    # --- build items and essays --------------------------------------------------------------------------

    @on(AidComputed)
    def _check_goal(self, message: AidComputed) -> None:
        card = self.card
        if card is not None and card.asked.form == "build" and card.phase == "ask":
            start_worker(self, self._try_goal, dict(message.answer.params), group="goal", exclusive=True)

    async def _try_goal(self, params: dict[str, Any]) -> None:
        """Mark the item once its goal is reached."""
        card = self.card
        assert card is not None
        try:
            async with aclosing(self.session.parts(TryRequest(card.asked.id, params))) as parts:
                async for part in parts:
                    if isinstance(part, TriedItem) and part.is_right:
                        self._mark(params)
        except DltuiError as error:
            self._refuse(error)

    @on(AidLeft)
    def _leave_aid(self, message: AidLeft) -> None:
        message.stop()
        self.action_cancel()

    def _write(self, card: CardState) -> None:
        """In the editor of VISUAL or EDITOR; in a dialog where there is none, or where it cannot be used."""
        from tui.terminal.editor import editor_of_environment

        if command := editor_of_environment():
            start_worker(self, self._write_in_editor, card, command, group="answer", exclusive=True)
        else:
            self._write_here(card)

    async def _write_in_editor(self, card: CardState, command: str) -> None:
        from textual.app import SuspendNotSupported

        from tui.learn.essay import reason_of, write_essay

        try:
            card.note = await write_essay(self.app, self.session, card.asked.lecture, card.asked.ask, command)
        except (DltuiError, SuspendNotSupported) as error:
            self.app.notify(plain(reason_of(error), limit=300), severity="warning", markup=False)
            self._write_here(card)
        self._draw()

    def _write_here(self, card: CardState) -> None:
        from tui.learn.notes_screen import NotesScreen

        self.app.push_screen(NotesScreen(self.session, card.asked.lecture, card.asked.ask))

    # --- other keys --------------------------------------------------------------------------------------

    def action_guessed(self) -> None:
        if self.card is not None and self.card.phase == "ask":
            self.card.guessed = not self.card.guessed
            self._draw()

    def action_hint(self) -> None:
        card = self.card
        if card is None or card.phase != "ask":
            return
        if card.hints < len(card.asked.hints):
            card.hints += 1
            self._draw()
        else:
            self.app.notify("There is no further hint." if card.hints else "There is no hint.", markup=False)

    def action_later(self) -> None:
        card = self.card
        if card is not None and self.mode == "review" and card.phase in ("ask", "shown"):
            self._later.add(card.asked.id)
            start_worker(self, self._next, group="card", exclusive=True)

    def action_undo(self) -> None:
        was_marked = self.card is not None and self.card.marked is not None
        if self.mode == "review" or (self.mode == "one" and was_marked):
            start_worker(self, self._undo, group="undo", exclusive=True)

    async def _undo(self) -> None:
        """Take back the newest mark, and ask its question once more."""
        try:
            undone = await self.session.ask(UndoRequest())
        except DltuiError as error:
            self.app.notify(plain(str(error), limit=300), severity="error", markup=False)
            return
        if not undone.item:
            self.app.notify("There is no mark to take back.", markup=False)
            return
        card = self.card
        if card is not None and card.phase != "done" and card.asked.id != undone.item:
            self.waiting.insert(0, card.asked.id)
        self.done = max(0, self.done - 1)
        self.waiting.insert(0, undone.item)
        await self._next()
        if self.card is not None:
            self.card.note = f"The mark of {undone.item} is taken back."
            self._draw()

    def action_help(self) -> None:
        from tui.dialogs.help import HelpScreen
        from tui.keys.user_keymap import Keymap

        self.app.push_screen(HelpScreen("card", getattr(self.app, "user_keymap", Keymap()), "learn"))

    def action_thing(self) -> None:
        """Leave for the aid of the question."""
        card = self.card
        if card is not None and card.asked.aid and self._open_aid is not None and card.phase == "done":
            self.dismiss(None)
            self._open_aid(card.asked.aid, dict(card.asked.params))


def _span(text: str) -> Any:
    from tui.ui.span import Span

    return Span(plain(text, limit=300), "strong")
