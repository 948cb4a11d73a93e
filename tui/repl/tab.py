"""The REPL tab: prompts to any language model that is trained or in training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input
from textual.worker import Worker

from engine.client.session import Superseded
from engine.errors import DltuiError, EngineError
from engine.session_protocol.language import LanguageModelRow, ModelsRequest
from tui.data.run_actions import run_and_notify
from tui.messages import KeyHintsChanged, RunsChanged, ViewStateChanged
from tui.repl import sampling_settings as sampling
from tui.repl import transcript_export
from tui.repl.completions import Completion, Completions
from tui.repl.conversation import Conversation
from tui.repl.input_history import InputHistory
from tui.repl.model_line import ModelLine, name_of
from tui.repl.models import Models
from tui.repl.prompt_line import PromptLine, PromptSign
from tui.repl.sampling_settings import SETTINGS
from tui.repl.slash_commands import completions, parse
from tui.repl.suggested_words import Suggestion, can_suggest, is_sampled, suggest
from tui.repl.transcript import Transcript
from tui.repl.welcome import direction_text, welcome
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.terminal.plain_text import plain
from tui.ui.heading import Heading
from tui.ui.span import Span
from tui.ui.start_worker import start_worker

TYPING_SECONDS, FETCH_SECONDS, SLOW_SECONDS = 0.03, 1.0, 0.25
"""delay of the request for words after a key; least time between two requests for the models; time after
which words that have not come are replaced by a message"""
WORDS_REQUESTED = 24
TAKE_HINT = (("1-9", "key"), (" take  ", "muted"), ("'1", "key"), (" types 1", "muted"))
NO_MODEL = "There is no model to answer yet: ^n trains one."
STILL_LOADING = "Still looking for models: try again in a moment."
SEARCHING = {
    "prompt.say": "take it", "prompt.take": "", "prompt.leave": "back", "prompt.earlier": "newer",
    "prompt.later": "older", "prompt.search": "next older",
}  # fmt: skip
"""labels of the keys during a search of the history"""


class ReplTab(Tab):
    """Model, transcript, prompt with suggested words, and the commands of the prompt."""

    NAME = "repl"

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        saved = context.state.views.get(self.NAME, {})
        self.conversation = Conversation(
            context.session, sampling.from_json(saved.get("manner")), self._conversation_changed
        )
        self.models = Models(str(saved.get("run", "")))
        self.history = InputHistory(context.places.prompt_history)
        self.model_line, self.heading, self.completions = ModelLine(), Heading(("next word",)), Completions()
        self.transcript = Transcript(self.conversation.entries, self._welcome_rows)
        self._draft = str(saved.get("draft", ""))
        self.sign = PromptSign()
        self._suggestion = Suggestion("")
        self._pending_place: int | None = None
        self._search = 0
        self._pending_timers: dict[str, Timer] = {}
        self._label_shown = ""
        self._last_request = 0
        self._answering: Worker[None] | None = None
        self._opened_line = ""
        """a line from another tab, which is executed once the models are known"""

    prompt: PromptLine

    def compose(self) -> ComposeResult:
        self.prompt = PromptLine(self._draft, placeholder="words, or / for commands")
        yield self.model_line
        with Container(id="conversation"):
            yield self.transcript
            with Vertical(id="completions"):
                yield self.heading
                yield self.completions
        with Horizontal(id="prompt"):
            yield self.sign
            yield self.prompt

    def activated(self) -> None:
        super().activated()
        wanted = str(self.context.state.views.get(self.NAME, {}).pop("wanted", ""))
        if wanted:
            self.models.selected = wanted
            self.prompt.focus(scroll_visible=False)
        self._fetch_now()

    def open_view(self, view: str, selection: Mapping[str, Any]) -> None:
        """`run` is to answer, `settings` are those of the prompt by their commands, `line` is executed once
        the models are known."""
        self.models.selected = str(selection.get("run", "")) or self.models.selected
        for name, value in selection.get("settings", {}).items():
            self._execute(f"/{name} {value}")
        self._opened_line = str(selection.get("line", ""))
        self.prompt.focus(scroll_visible=False)
        self._fetch_now()

    def on_descendant_focus(self) -> None:
        self.post_message(KeyHintsChanged())

    def initial_focus(self) -> Widget | None:
        return self.prompt

    # --- models ----------------------------------------------------------------------------------------

    def refresh_data(self) -> None:
        self._fetch_soon()

    @on(RunsChanged)
    def _runs_changed(self, message: RunsChanged) -> None:
        known = {model.run for model in self.models.rows}
        is_language = any(run.spec.experiment == "lm" or run.id in known for run in message.changed)
        if is_language or known & set(message.removed):
            self._fetch_soon()

    def _fetch_soon(self) -> None:
        if self.is_open and "fetch" not in self._pending_timers:
            self._pending_timers["fetch"] = self.set_timer(FETCH_SECONDS, self._fetch_now)

    def _fetch_now(self) -> None:
        self._pending_timers.pop("fetch", None)
        if self.is_open:
            start_worker(self, self._fetch, group="models", exclusive=True)

    async def _fetch(self) -> None:
        before = self.models.chosen
        try:
            self.models.update(await self.context.session.ask(ModelsRequest(), newest="models"))
        except Superseded:
            return
        except DltuiError as error:
            self.model_line.set_error(str(error))
            return
        self.model_line.set_error("")
        if before is not None and before.run not in {model.run for model in self.models.available}:
            self._note_removed(before, self.models.chosen)
        self._select_model(self.models.chosen)
        line, self._opened_line = self._opened_line, ""
        if line:
            self._execute(line)
            self.transcript.scroll_to_newest()

    def _note_removed(self, model: LanguageModelRow, other: LanguageModelRow | None) -> None:
        answers = f"{name_of(other)} answers now." if other is not None else "No other model can answer."
        self.conversation.add("/model").note(f"{name_of(model)} was removed: {answers}", "warn")

    def _select_model(self, model: LanguageModelRow | None) -> None:
        before = (self.conversation.run, self.models.previous_step)
        self.conversation.run = model.run if model is not None else ""
        self.conversation.direction = model.direction if model is not None else "forward"
        self.conversation.other = self.models.other()
        self.models.previous_step = model.step if model is not None else 0
        self.sign.set_direction(self.conversation.direction == "reversed")
        self.model_line.update(model, self.conversation.sampling.summary())
        self.transcript.draw()
        self.post_message(KeyHintsChanged())
        is_late = self._suggestion.line != self.prompt.value
        is_new = before != (self.conversation.run, self.models.previous_step)
        if not self.prompt.is_searching and (is_new or is_late or not self._suggestion.items):
            self._suggest()

    def _choose(self, run: str) -> None:
        self.models.selected = run
        self._select_model(self.models.chosen)
        model = self.models.chosen
        if model is not None:
            self.conversation.add(f"/model {name_of(model)}").note(direction_text(model), "text")
            self.save_state()

    def action_model(self) -> None:
        from tui.dialogs.choose import ChooseScreen

        available = self.models.available
        if not available:
            self.conversation.add("/model").note("No language model has a checkpoint yet.", "warn")
            return
        choices = [(name_of(model), self.models.description_of(model)) for model in available]
        here = next((place for place, model in enumerate(available) if model.run == self.conversation.run), 0)
        self.app.push_screen(ChooseScreen("choose a model", choices, "choose", here), self._chosen)

    def _chosen(self, place: int | None) -> None:
        if place is not None:
            self._choose(self.models.available[place].run)
        self.prompt.focus(scroll_visible=False)
        self.post_message(KeyHintsChanged())

    # --- suggestions -----------------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._pending_place = None
        if self.prompt.is_searching:
            self._search = 0
            self._show_search()
        else:
            self._suggest()
            self.save_state()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()

    def _suggest(self) -> None:
        line = self.prompt.value
        found = completions(line)
        if found:
            items = [
                Completion(f"{command.word} {command.argument}", description=command.help)
                for command in found
            ]
            self._set_completions("commands", items, 0)
        elif not self.conversation.run or not can_suggest(line):
            self._set_completions("next word", ())
        else:
            self._request_soon()

    def _request_soon(self) -> None:
        self._schedule("type", TYPING_SECONDS, self._request)
        self._schedule("slow", SLOW_SECONDS, self._show_computing)
        self._set_word_count(None)

    def _schedule(self, what: str, seconds: float, callback: Callable[[], None]) -> None:
        if what not in self._pending_timers:
            self._pending_timers[what] = self.set_timer(seconds, callback)

    def _show_computing(self) -> None:
        """Replaces the words of an earlier line."""
        self._pending_timers.pop("slow", None)
        self.completions.update((), message="Computing ...")
        self.heading.set_note()

    def _request(self) -> None:
        self._pending_timers.pop("type", None)
        if self.is_open and self.conversation.run:
            self._last_request += 1
            start_worker(self, self._request_words, self.prompt.value, self._last_request, group="suggestion")

    async def _request_words(self, line: str, number: int) -> None:
        """Shows the words of the newest request only; requests again where an older one superseded it."""
        if not can_suggest(line):
            return
        try:
            found = await self._suggested(line)
        except Superseded:
            if number == self._last_request:
                self._suggest()
            return
        except DltuiError as error:
            found = Suggestion(line, message=str(error))
        if number == self._last_request and line == self.prompt.value and not self.prompt.is_searching:
            self._set_suggestion(found)

    async def _suggested(self, line: str) -> Suggestion:
        """Tries once more where the session has ended: that starts a new one. Raises DltuiError."""
        sampling = (
            None
            if self.conversation.sampling.is_unmodified
            else self.conversation.sampling.distribution_params()
        )
        asked = (
            self.context.session, self.conversation.run, line, self.conversation.direction == "reversed",
            WORDS_REQUESTED,
            sampling if is_sampled(line) else None,
        )  # fmt: skip
        try:
            return await suggest(*asked)
        except EngineError:
            return await suggest(*asked)

    def _set_suggestion(self, found: Suggestion) -> None:
        self._suggestion = found
        title = "word before" if found.reverse else "next word"
        title = f"words that begin with {plain(found.fragment, limit=12)}" if found.fragment else title
        self._set_completions(title, found.items, message=found.message)
        if self._pending_place is not None:
            self._take_word(self._pending_place)

    def _set_completions(
        self, title: str, items: Sequence[Completion], cursor: int | None = None, message: str = ""
    ) -> None:
        if "slow" in self._pending_timers:
            self._pending_timers.pop("slow").stop()
        words = sum(item.kind == "word" for item in items if item.share is not None)
        self._set_word_count(words)
        takes = self.prompt.takes_digits and words > 0
        self.heading.select(title, (title,))
        self.heading.set_note(*(Span(*part) for part in (TAKE_HINT if takes else ())))
        self.completions.update(items, cursor, plain(message, limit=200), numbered=takes)

    def _set_word_count(self, words: int | None) -> None:
        """How many words can be inserted; None while they are requested."""
        self.prompt.word_count = words
        before, self._label_shown = self._label_shown, self._take_label()
        if before != self._label_shown:
            self.post_message(KeyHintsChanged())

    def _take_label(self) -> str:
        """Label of the key that inserts a word or a command."""
        if completions(self.prompt.value):
            return "take command"
        if self.prompt.word_count == 0:
            return ""
        return "1-9 take word" if self.prompt.takes_digits else "take word"

    @on(PromptLine.WordTaken)
    def _take(self, message: PromptLine.WordTaken) -> None:
        line = self.prompt.value
        found = completions(line)
        if self.prompt.is_searching:
            self._end_search(taken=True)
        elif found:
            self.prompt.set_text(found[0].word + (" " if found[0].argument else ""))
        elif self._suggestion.line == line:
            self._take_word(message.place)
        else:
            self._pending_place = message.place

    def _take_word(self, place: int) -> None:
        self._pending_place = None
        taken = self._suggestion.taken(place)
        if taken is not None:
            self.prompt.set_text(taken)

    # --- history ---------------------------------------------------------------------------------------

    @on(PromptLine.HistoryStepped)
    def _step(self, message: PromptLine.HistoryStepped) -> None:
        if self.prompt.is_searching:
            self._search = max(0, self._search + message.by)
            self._show_search()
            return
        line = self.prompt.value
        self.prompt.set_text(self.history.earlier(line) if message.by < 0 else self.history.later(line))

    @on(PromptLine.HistorySearched)
    def _search_on(self) -> None:
        if self.prompt.is_searching:
            self._search += 1
        else:
            self.prompt.is_searching, self._search, self._draft = True, 0, self.prompt.value
            if not self.history.search(self._draft):
                self.prompt.set_text("")
        self._show_search()

    def _show_search(self) -> None:
        found = self.history.search(self.prompt.value)
        self._search = min(self._search, max(0, len(found) - 1))
        message = "Nothing in the history matches."
        self._set_completions("history", [Completion(line) for line in found], self._search, message)
        self.post_message(KeyHintsChanged())

    def _end_search(self, *, taken: bool) -> None:
        found = self.history.search(self.prompt.value)
        self.prompt.is_searching = False
        self.prompt.set_text(found[self._search] if taken and found else self._draft)
        self._suggest()
        self.post_message(KeyHintsChanged())

    @on(PromptLine.Escaped)
    def _escape(self) -> None:
        if self.prompt.is_searching:
            self._end_search(taken=False)
        elif self._is_answering:
            self.action_stop()
        else:
            self.transcript.focus(scroll_visible=False)

    # --- commands --------------------------------------------------------------------------------------

    @on(PromptLine.LineSubmitted)
    def _submit_line(self) -> None:
        if self.prompt.is_searching:
            self._end_search(taken=True)
            return
        line = self.prompt.value.strip()
        self._add_to_history(line)
        self.prompt.set_text("")
        self._execute(line)
        self.transcript.scroll_to_newest()

    def _add_to_history(self, line: str) -> None:
        try:
            self.history.add(line)
        except OSError as error:
            reason = error.strerror or error
            self.notify(plain(f"The input is not kept in the history: {reason}.", limit=200), markup=False)

    def _execute(self, line: str) -> None:
        try:
            command, text = parse(line)
        except DltuiError as error:
            self.conversation.add(line).note(str(error), "bad")
            return
        if command.name in SETTINGS:
            self.conversation.set(command, text)
            self.model_line.update(self.models.chosen, self.conversation.sampling.summary())
            self.save_state()
        elif command.is_tab_action:
            self._execute_in_tab(command.name, text)
        elif not self.conversation.run:
            self.conversation.add(line).note(self._no_model(), "warn")
        else:
            self._start_answer(self.conversation.submit(line))

    def _execute_in_tab(self, name: str, text: str) -> None:
        if name == "model" and text:
            found = self.models.find(text)
            if found:
                self._choose(found)
            else:
                words = f"No model with a checkpoint is called {text!r}. /model shows them."
                words = words if self.models.is_known else STILL_LOADING
                self.conversation.add(f"/model {text}").note(words, "bad")
        elif name == "export":
            self._export(text)
        else:
            {"model": self.action_model, "clear": self.action_clear, "help": self._help}[name]()

    def _no_model(self) -> str:
        return NO_MODEL if self.models.is_known else STILL_LOADING

    def _start_answer(self, command: Any) -> None:
        """Cancels the answer in progress."""
        self._answering = self.run_worker(command, group="answer", exclusive=True, exit_on_error=False)

    @property
    def _is_answering(self) -> bool:
        return self._answering is not None and not self._answering.is_finished

    @on(PromptLine.LinesPasted)
    def _paste(self, message: PromptLine.LinesPasted) -> None:
        if not self.conversation.run:
            self.conversation.add("/score").note(self._no_model(), "warn")
        else:
            self._start_answer(self._score_all([line.replace("\t", " ") for line in message.lines]))

    async def _score_all(self, lines: list[str]) -> None:
        """Scrolls to the top of the table."""
        self.transcript.scroll_to_newest()
        await self.conversation.score_all(lines)
        self.transcript.scroll_to_entry(self.conversation.entries[-1])

    @on(PromptLine.PageScrolled)
    def _page(self, message: PromptLine.PageScrolled) -> None:
        self.transcript.action_scroll_page(message.by)

    # --- keys of the transcript ------------------------------------------------------------------------

    def action_prompt(self, text: str = "") -> None:
        if text and not self.prompt.value:
            self.prompt.set_text(text)
        self.prompt.focus(scroll_visible=False)

    def action_stop(self) -> None:
        if self._answering is None or not self._is_answering:
            raise SkipAction  # the app goes back to the tab that has opened this one
        self._answering.cancel()

    def action_sort(self) -> None:
        entry = self.conversation.table
        if entry is not None:
            self.conversation.sort(entry)
            self.transcript.scroll_to_entry(entry)

    def action_unit(self, by: int) -> None:
        """The next unit of gates, or the next head, whichever is newer."""
        head, entry = self.conversation.attention, self.conversation.gates
        if head is not None:
            self.conversation.select_head(head, head=by)
        elif entry is not None:
            self._start_answer(self.conversation.select_unit(entry, by))

    def action_block(self, by: int) -> None:
        if (entry := self.conversation.attention) is not None:
            self.conversation.select_head(entry, block=by)

    def action_clear(self) -> None:
        self.conversation.clear()

    def action_copy(self) -> None:
        if self.conversation.entries:
            run_and_notify(self, self.context.clipboard.copy(self.app, self.conversation.entries[-1].text()))

    def action_export(self) -> None:
        self._export("")

    def _export(self, name: str) -> None:
        run_and_notify(
            self, transcript_export.export(self.context.places.root, self.conversation.entries, name)
        )

    def _help(self) -> None:
        from tui.repl.welcome import command_list

        self.conversation.add("/help").set_content(command_list)

    @on(PromptLine.TrainRequested)
    def action_new(self) -> None:
        from tui.dialogs.form_dialog import open_launch_form

        typed = self.context.state.last_typed("lm") | self._partner()
        text = "The run is started; the model answers from its first checkpoint on."
        open_launch_form(self, "lm", lambda run: text, typed)

    def _partner(self) -> dict[str, str]:
        """Parameters of `lm` for the model that the last command lacked; empty when it lacked none."""
        model = self.models.chosen
        if model is None or not self.conversation.lacks_partner:
            return {}
        direction = "forward" if model.direction == "reversed" else "reversed"
        same = {
            name: str(getattr(model, name)) for name in ("framework", "corpus", "vocabulary", "tokeniser")
        }
        return {**same, "direction": direction}

    def key_labels(self) -> Mapping[str, str]:
        answering, conversation = self._is_answering, self.conversation
        if self.prompt.is_searching:
            return SEARCHING
        has_head = conversation.attention is not None
        return {
            "prompt.take": self._take_label(),
            "prompt.leave": "stop" if answering else "tabs",
            "repl.stop": "stop" if answering else "",
            "repl.sort": "sort" if conversation.table is not None else "",
            "repl.unit": "next head" if has_head else "next unit" if conversation.gates is not None else "",
            "repl.block": "next block" if has_head else "",
        }

    # --- display and state -----------------------------------------------------------------------------

    def _conversation_changed(self) -> None:
        self.transcript.update_soon()
        self.post_message(KeyHintsChanged())

    def _welcome_rows(self, width: int, height: int) -> Any:
        return welcome(self.models.chosen, self.models.is_known, width, height)

    def save_state(self) -> None:
        kept = {
            "run": self.conversation.run,
            "draft": self.prompt.value,
            "manner": self.conversation.sampling.to_json(),
        }
        self.context.state.views[self.NAME] = kept
        self.post_message(ViewStateChanged())
