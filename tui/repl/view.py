"""The REPL on the screen: the model that answers, the line that is typed, the words on offer for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from engine.client.session import Superseded
from engine.errors import DltuiError, EngineError
from engine.protocol import Json
from tui.messages import KeyHintsChanged, RunsChanged, ViewStateChanged
from tui.repl import sampling as sampling
from tui.repl.completions import Completion, Completions
from tui.repl.conversation import Conversation
from tui.repl.input_history import InputHistory
from tui.repl.model_line import ModelLine, name_of
from tui.repl.models import Models
from tui.repl.prompt_line import PromptLine
from tui.repl.prompt_sign import PromptSign
from tui.repl.slash import completions
from tui.repl.suggestion import Suggestion, asks_for_words, is_sampled, suggest
from tui.repl.transcript import Transcript
from tui.repl.welcome import greeting, guide
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.terminal.plain_text import plain
from tui.ui.heading import Heading
from tui.ui.span import Span

TYPING, LOOKING, SLOW = 0.03, 1.0, 0.25
"""seconds: without a key before words are asked for; between two looks at models that train; until words
that are late are said to be"""
OFFERED = 24
TAKEN = (("1-9", "key"), (" take  ", "muted"), ("'1", "key"), (" types 1", "muted"))


class ReplView(Tab):
    """Knows who is talked to and what may come next; what is said is its heir's."""

    NAME = "repl"

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        saved = context.state.views.get(self.NAME, {})
        self.talk = Conversation(context.session, sampling.from_json(saved.get("manner")), self._said_more)
        self.models = Models(str(saved.get("run", "")))
        self.past = InputHistory(context.places.prompt_history)
        self.model_line, self.heading, self.offer = ModelLine(), Heading(("next word",)), Completions()
        self.transcript = Transcript(self.talk.entries, self._greet)
        self._draft = str(saved.get("draft", ""))
        self.sign = PromptSign()
        self._suggestion = Suggestion("")
        self._wanted: int | None = None
        self._search = 0
        self._waits: dict[str, Timer] = {}
        self._is_open = False
        self._taking = ""
        self._asked = 0

    prompt: PromptLine

    def compose(self) -> ComposeResult:
        self.prompt = PromptLine(self._draft, placeholder="words, or / for commands")
        yield self.model_line
        with Container(id="talk"):
            yield self.transcript
            with Vertical(id="offer"):
                yield self.heading
                yield self.offer
        with Horizontal(id="prompt"):
            yield self.sign
            yield self.prompt

    def on_mount(self) -> None:
        self.call_after_refresh(self._open_first)

    def _open_first(self) -> None:
        """A tab that the app begins with has not come from anywhere."""
        if self.display and not self._is_open:
            self.prompt.focus(scroll_visible=False)
            self.activated()

    def activated(self) -> None:
        self._is_open = True
        wanted = str(self.context.state.views.get(self.NAME, {}).pop("wanted", ""))
        if wanted:
            self.models.wanted = wanted
            self.prompt.focus(scroll_visible=False)
        self._look()

    def deactivated(self) -> None:
        self._is_open = False

    def on_descendant_focus(self) -> None:
        self.post_message(KeyHintsChanged())

    def initial_focus(self) -> Widget | None:
        return self.prompt

    # --- models ----------------------------------------------------------------------------------------

    def refresh_data(self) -> None:
        self._look_soon()

    @on(RunsChanged)
    def _take_changes(self, message: RunsChanged) -> None:
        known = {str(model["run"]) for model in self.models.rows}
        told = any(run.spec.experiment == "lm" or run.id in known for run in message.changed)
        if told or known & set(message.removed):
            self._look_soon()

    def _look_soon(self) -> None:
        if self._is_open and "look" not in self._waits:
            self._waits["look"] = self.set_timer(LOOKING, self._look)

    def _look(self) -> None:
        self._waits.pop("look", None)
        if self._is_open:
            self.run_worker(self._fetch(), group="models", exclusive=True, exit_on_error=False)

    async def _fetch(self) -> None:
        before = self.models.chosen
        try:
            self.models.take(await self.context.session.request("language.models", newest="models"))
        except Superseded:
            return
        except DltuiError as error:
            self.model_line.say(str(error))
            return
        self.model_line.say("")
        if before is not None and before["run"] not in {model["run"] for model in self.models.able}:
            self._say_gone(before, self.models.chosen)
        self._turn_to(self.models.chosen)

    def _say_gone(self, model: Json, heir: Json | None) -> None:
        answers = f"{name_of(heir)} answers now." if heir is not None else "No other model can answer."
        self.talk.add("/model").note(f"{name_of(model)} was removed: {answers}", "warn")

    def _turn_to(self, model: Json | None) -> None:
        before = (self.talk.run, self.models.step_before)
        self.talk.run = str(model["run"]) if model is not None else ""
        self.talk.direction = str(model["direction"]) if model is not None else "forward"
        self.talk.other = self.models.other()
        self.models.step_before = int(model["step"]) if model is not None else 0
        self.sign.turn(self.talk.direction == "reversed")
        self.model_line.show(model, self.talk.sampling.words())
        self.transcript.draw()
        self.post_message(KeyHintsChanged())
        is_late = self._suggestion.line != self.prompt.value
        is_new = before != (self.talk.run, self.models.step_before)
        if not self.prompt.is_searching and (is_new or is_late or not self._suggestion.items):
            self._suggest()

    def _choose(self, run: str) -> None:
        self.models.wanted = run
        self._turn_to(self.models.chosen)
        model = self.models.chosen
        if model is not None:
            self.talk.add(f"/model {name_of(model)}").note(guide(model), "text")
            self.remember()

    def action_model(self) -> None:
        from tui.dialogs.choose import ChooseScreen

        able = self.models.able
        if not able:
            self.talk.add("/model").note("No language model has a checkpoint yet.", "warn")
            return
        choices = [(name_of(model), self.models.words_of(model)) for model in able]
        here = next((place for place, model in enumerate(able) if model["run"] == self.talk.run), 0)
        self.app.push_screen(ChooseScreen("choose a model", choices, "choose", here), self._chosen)

    def _chosen(self, place: int | None) -> None:
        if place is not None:
            self._choose(str(self.models.able[place]["run"]))
        self.prompt.focus(scroll_visible=False)
        self.post_message(KeyHintsChanged())

    # --- what is typed ---------------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._wanted = None
        if self.prompt.is_searching:
            self._search = 0
            self._show_search()
        else:
            self._suggest()
            self.remember()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()

    def _suggest(self) -> None:
        line = self.prompt.value
        found = completions(line)
        if found:
            items = [Completion(f"{slash.word} {slash.takes}", words=slash.help) for slash in found]
            self._offer("commands", items, 0)
        elif not self.talk.run or not asks_for_words(line):
            self._offer("next word", ())
        else:
            self._await_words()

    def _await_words(self) -> None:
        self._await("type", TYPING, self._ask)
        self._await("slow", SLOW, self._say_late)
        self._expect(None)

    def _await(self, what: str, seconds: float, deed: Callable[[], None]) -> None:
        if what not in self._waits:
            self._waits[what] = self.set_timer(seconds, deed)

    def _say_late(self) -> None:
        """The words that are shown are of a line that is gone."""
        self._waits.pop("slow", None)
        self.offer.show((), says="Computing ...")
        self.heading.set_note()

    def _ask(self) -> None:
        self._waits.pop("type", None)
        if self._is_open and self.talk.run:
            self._asked += 1
            asking = self._ask_words(self.prompt.value, self._asked)
            self.run_worker(asking, group="bars", exit_on_error=False)

    async def _ask_words(self, line: str, number: int) -> None:
        """Only the newest of all that were asked for is shown: it is asked for again where a question of an
        older one has superseded it."""
        if not asks_for_words(line):
            return
        try:
            found = await self._suggested(line)
        except Superseded:
            if number == self._asked:
                self._suggest()
            return
        except DltuiError as error:
            found = Suggestion(line, says=str(error))
        if number == self._asked and line == self.prompt.value and not self.prompt.is_searching:
            self._take_suggestion(found)

    async def _suggested(self, line: str) -> Suggestion:
        """A session that has died is started anew, once. Raises DltuiError."""
        sampling = None if self.talk.sampling.is_as_learned else self.talk.sampling.sampling()
        asked = (
            self.context.session, self.talk.run, line, self.talk.direction == "reversed", OFFERED,
            sampling if is_sampled(line) else None,
        )  # fmt: skip
        try:
            return await suggest(*asked)
        except EngineError:
            return await suggest(*asked)

    def _take_suggestion(self, found: Suggestion) -> None:
        self._suggestion = found
        title = "word before" if found.reverse else "next word"
        title = f"words that begin with {plain(found.fragment, limit=12)}" if found.fragment else title
        self._offer(title, found.items, says=found.says)
        if self._wanted is not None:
            self._take_word(self._wanted)

    def _offer(
        self, title: str, items: Sequence[Completion], cursor: int | None = None, says: str = ""
    ) -> None:
        if "slow" in self._waits:
            self._waits.pop("slow").stop()
        words = sum(item.kind == "word" for item in items if item.share is not None)
        self._expect(words)
        takes = self.prompt.takes_digits and words > 0
        self.heading.select(title, (title,))
        self.heading.set_note(*(Span(*part) for part in (TAKEN if takes else ())))
        self.offer.show(items, cursor, plain(says, limit=200), numbered=takes)

    def _expect(self, words: int | None) -> None:
        """How many words there are to be taken."""
        self.prompt.offered = words
        before, self._taking = self._taking, self._take_label()
        if before != self._taking:
            self.post_message(KeyHintsChanged())

    def _take_label(self) -> str:
        """What tab and the digits do now."""
        if completions(self.prompt.value):
            return "take command"
        if self.prompt.offered == 0:
            return ""
        return "1-9 take word" if self.prompt.takes_digits else "take word"

    @on(PromptLine.Took)
    def _take(self, message: PromptLine.Took) -> None:
        line = self.prompt.value
        found = completions(line)
        if self.prompt.is_searching:
            self._end_search(taken=True)
        elif found:
            self.prompt.put(found[0].word + (" " if found[0].takes else ""))
        elif self._suggestion.line == line:
            self._take_word(message.place)
        else:
            self._wanted = message.place

    def _take_word(self, place: int) -> None:
        self._wanted = None
        taken = self._suggestion.taken(place)
        if taken is not None:
            self.prompt.put(taken)

    # --- what was said before --------------------------------------------------------------------------

    @on(PromptLine.Stepped)
    def _step(self, message: PromptLine.Stepped) -> None:
        if self.prompt.is_searching:
            self._search = max(0, self._search + message.by)
            self._show_search()
            return
        line = self.prompt.value
        self.prompt.put(self.past.earlier(line) if message.by < 0 else self.past.later(line))

    @on(PromptLine.Searched)
    def _search_on(self) -> None:
        if self.prompt.is_searching:
            self._search += 1
        else:
            self.prompt.is_searching, self._search, self._draft = True, 0, self.prompt.value
            if not self.past.search(self._draft):
                self.prompt.put("")
        self._show_search()

    def _show_search(self) -> None:
        found = self.past.search(self.prompt.value)
        self._search = min(self._search, max(0, len(found) - 1))
        says = "Nothing in the history matches."
        self._offer("history", [Completion(line) for line in found], self._search, says)
        self.post_message(KeyHintsChanged())

    def _end_search(self, *, taken: bool) -> None:
        found = self.past.search(self.prompt.value)
        self.prompt.is_searching = False
        self.prompt.put(found[self._search] if taken and found else self._draft)
        self._suggest()
        self.post_message(KeyHintsChanged())

    # --- what is seen --------------------------------------------------------------------------------

    def _said_more(self) -> None:
        self.transcript.grow()
        self.post_message(KeyHintsChanged())

    def _greet(self, width: int, height: int) -> Any:
        return greeting(self.models.chosen, self.models.is_known, width, height)

    def remember(self) -> None:
        kept = {"run": self.talk.run, "draft": self.prompt.value, "manner": self.talk.sampling.to_json()}
        self.context.state.views[self.NAME] = kept
        self.post_message(ViewStateChanged())
