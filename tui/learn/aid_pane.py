"""An aid that is set by keys: a change is shown at once, the drawing follows from the session."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, ClassVar

from engine.client.session import Session
from engine.errors import DltuiError
from engine.params import Value
from engine.session_protocol.learn import (
    AidLine,
    AidRequest,
    AidsRequest,
    ComputedAid,
    Computing,
    SeenRequest,
)
from tui.drawings.canvas_widget import ImageWidget
from tui.drawings.half_block_canvas import ImageCanvas
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.learn import aid_state
from tui.learn.aid_messages import AidComputed, AidLeft, LabWanted, PredictionWanted, TrainWanted
from tui.learn.aid_picture import AidLook, paint_aid
from tui.learn.aid_state import AidState
from tui.messages import KeyHintsChanged
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker
from tui.ui.text_field import TextField


class AidPane(ImageWidget, can_focus=True):
    SCOPE: ClassVar[Scope] = "aid"
    BINDINGS = all_keys.bindings("aid")

    def __init__(self, session: Session, **widget: Any) -> None:
        super().__init__(**widget)
        self._session = session
        self._lines: dict[str, AidLine] = {}
        self._states: dict[str, AidState] = {}
        self._look: AidLook | None = None
        self._text = ""
        self._wanted = ""

    @property
    def state(self) -> AidState | None:
        return self._look.state if self._look is not None else None

    @property
    def computed(self) -> ComputedAid | None:
        """What the drawing was made of."""
        return self._look.computed if self._look is not None else None

    def show_aid(
        self,
        name: str,
        given: Mapping[str, object],
        *,
        fixed: Mapping[str, Value] | None = None,
        goal: str = "",
        look_only: bool = False,
    ) -> None:
        """Show an aid at `given` parameters, or as it was left; `fixed` ones cannot be changed.

        With `look_only` its questions are not asked for that: it came beside a text, nobody opened it.
        """
        key = f"{name} {sorted(given.items())!r} {sorted((fixed or {}).items())!r}"
        if not look_only:
            start_worker(self, self._note_seen, name, group="seen")
        if key != self._wanted:
            self._wanted = key
            start_worker(
                self, self._open, name, dict(given), dict(fixed or {}), goal, group="aid", exclusive=True
            )

    async def _note_seen(self, name: str) -> None:
        with contextlib.suppress(DltuiError):  # the aid itself says why
            await self._session.ask(SeenRequest([f"aid:{name}"]))

    async def _open(self, name: str, given: dict[str, object], fixed: dict[str, Value], goal: str) -> None:
        try:
            if name not in self._lines:
                [self._lines[name]] = (await self._session.ask(AidsRequest(name))).aids
        except DltuiError as error:
            self._look, self._text = None, str(error)
            self.update(self._paint_text)
            return
        key = self._wanted
        if key not in self._states:
            self._states[key] = aid_state.begin(self._lines[name], given, fixed)
        self._look = AidLook(self._states[key], has_focus=self.has_focus, goal=goal)
        self.post_message(KeyHintsChanged())
        self._show()
        await self._compute()

    def set_goal(self, text: str) -> None:
        """What is said of the goal of a build item."""
        self._show(goal=text)

    # --- computing ---------------------------------------------------------------------------------------

    def compute_soon(self) -> None:
        """Show the controls as they are now, and ask for the drawing."""
        self._show(progress=None)
        start_worker(self, self._compute, group="aid", exclusive=True)

    async def _compute(self) -> None:
        state = self.state
        if state is None:
            return
        request = AidRequest(state.line.name, dict(state.params), state.seed)
        try:
            async with aclosing(self._session.parts(request)) as parts:
                async for part in parts:
                    if isinstance(part, Computing):
                        self._show(progress=part.done)
                    else:
                        state.hide(map(str, part.data.get("unused", ())))
                        self._show(computed=part, progress=None, error="")
                        self.post_message(AidComputed(part))
        except DltuiError as error:
            self._show(error=plain(str(error), limit=400), progress=None)

    def _show(self, **changes: Any) -> None:
        if self._look is not None:
            self._look = replace(self._look, **changes)
            look = self._look
            self.update(lambda canvas: paint_aid(canvas, look))

    def _paint_text(self, canvas: ImageCanvas) -> None:
        canvas.write_wrapped(1, 1, plain(self._text, limit=400), canvas.width - 2, canvas.height, "warn")

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._show(has_focus=has_focus)
        if has_focus and self.state is not None:
            start_worker(self, self._note_seen, self.state.line.name, group="seen")

    # --- keys --------------------------------------------------------------------------------------------

    def _with_state(self, change: Callable[[AidState], object]) -> None:
        """Change the controls; compute where something is another value."""
        state = self.state
        if state is not None and change(state):
            self.compute_soon()
        else:
            self._show()

    def action_choose(self, by: int) -> None:
        if self.state is not None:
            self.state.move(by)
            self._show()

    def action_nudge(self, direction: int, size: int) -> None:
        def nudge(state: AidState) -> bool:
            control = state.control
            if control is None:
                return False
            value = aid_state.nudged(control, state.params.get(control.name), direction, size)
            if control.kind == "str" and not control.choices:
                self.action_type()
            return state.change(control.name, value)

        self._with_state(nudge)

    def action_step(self) -> None:
        def step(state: AidState) -> bool:
            control = state.step_control()
            if control is None:
                self.app.notify("This aid has no steps: its controls change it.", markup=False)
                return False
            value = state.params.get(control.name)
            if control.choices and value == control.choices[-1]:
                return state.change(control.name, control.choices[0])
            return state.change(control.name, aid_state.nudged(control, value, 1, -1))

        self._with_state(step)

    def action_type(self) -> None:
        from tui.dialogs.field_prompt import FieldPrompt

        state = self.state
        control = state.control if state is not None else None
        if state is None or control is None:
            return

        def typed(value: Value) -> None:
            if value is not None:
                self._with_state(lambda state: state.change(control.name, value))

        prompt: FieldPrompt[Value] = FieldPrompt(
            control.name,
            TextField(aid_state.value_text(state.params.get(control.name)), most=200),
            lambda text: aid_state.as_value(control, text),
            control.expected,
            about=f"{control.help} {control.expected}.",
        )
        self.app.push_screen(prompt, typed)

    def action_undo(self) -> None:
        def undo(state: AidState) -> bool:
            if done := state.undo():
                return done
            self.app.notify("There is no change to take back.", markup=False)
            return False

        self._with_state(undo)

    def action_reset(self) -> None:
        self._with_state(lambda state: state.reset())

    def action_draw_again(self) -> None:
        def draw(state: AidState) -> bool:
            state.draw_again()
            return True

        self._with_state(draw)

    def action_how(self) -> None:
        if self._look is not None:
            self._show(shows_how=not self._look.shows_how)

    def action_source(self) -> None:
        if self.state is not None:
            source = self.state.line.source or "no source is named"
            self.app.notify(plain(source, limit=300), markup=False, timeout=8)

    def action_predict(self) -> None:
        if self.state is not None:
            self.post_message(PredictionWanted(self.state.line.name))

    def action_train(self) -> None:
        line = self.state.line if self.state is not None else None
        if line is not None and line.experiment:
            self.post_message(TrainWanted(line.experiment, line.settings))
        elif line is not None:
            self.app.notify(f"{line.title} looks into no run: it computes what it shows.", markup=False)

    def action_lab(self) -> None:
        if self.state is not None:
            self.post_message(LabWanted(self.state))

    def action_back(self) -> None:
        if self._look is not None and self._look.shows_how:
            self._show(shows_how=False)
        else:
            self.post_message(AidLeft())
