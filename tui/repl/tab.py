"""The REPL tab: prompts to any language model that is trained or in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual import on
from textual.worker import Worker

from engine.errors import DltuiError
from tui.data.actions import run_and_notify
from tui.keys import all_keys
from tui.repl import transcripts
from tui.repl.prompt_line import PromptLine
from tui.repl.sampling import SETTINGS
from tui.repl.slash_commands import parse
from tui.repl.view import ReplView
from tui.tab.submit import open_launch_form, submit_launch
from tui.terminal.plain_text import plain

if TYPE_CHECKING:
    from tui.dialogs.launch import Launch


NO_MODEL = "There is no model to answer yet: ^n trains one."
STILL_LOADING = "Still looking for models: try again in a moment."
SEARCHING = {
    "prompt.say": "take it", "prompt.take": "", "prompt.leave": "back", "prompt.earlier": "newer",
    "prompt.later": "older", "prompt.search": "next older",
}  # fmt: skip
"""labels of the keys during a search of the history"""


class ReplTab(ReplView):
    """Runs the commands of the prompt; actions of the transcript."""

    BINDINGS = all_keys.bindings("repl")

    _answering: Worker[None] | None = None

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
            self.notify(plain(f"The input is not kept in the history: {error}", limit=200), markup=False)

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
        if self._answering is not None:
            self._answering.cancel()

    def action_sort(self) -> None:
        entry = self.conversation.newest("batch")
        if entry is not None:
            self.conversation.sort(entry)
            self.transcript.scroll_to_entry(entry)

    def action_unit(self, by: int) -> None:
        entry = self.conversation.newest("gates")
        if entry is not None:
            self._start_answer(self.conversation.select_unit(entry, by))

    def action_clear(self) -> None:
        self.conversation.clear()

    def action_copy(self) -> None:
        if self.conversation.entries:
            run_and_notify(self, self.context.clipboard.copy(self.app, self.conversation.entries[-1].text()))

    def action_export(self) -> None:
        self._export("")

    def _export(self, name: str) -> None:
        run_and_notify(self, transcripts.export(self.context.places.root, self.conversation.entries, name))

    def _help(self) -> None:
        from tui.repl.welcome import command_list

        self.conversation.add("/help").set_content(command_list)

    @on(PromptLine.TrainRequested)
    def action_new(self) -> None:
        typed = self.context.state.last_typed("lm") | self._partner()
        open_launch_form(self, "lm", self._submit_launch, typed)

    def _partner(self) -> dict[str, str]:
        """Parameters of `lm` for the model that the last command lacked; empty when it lacked none."""
        model = self.models.chosen
        if model is None or not self.conversation.lacks_partner:
            return {}
        direction = "forward" if model["direction"] == "reversed" else "reversed"
        same = {name: str(model[name]) for name in ("framework", "corpus", "vocabulary", "tokeniser")}
        return {**same, "direction": direction}

    async def _submit_launch(self, launch: Launch) -> str:
        text = "The run is started; the model answers from its first checkpoint on."
        return await submit_launch(self.context.connection.client, launch, lambda _: text)

    def key_labels(self) -> Mapping[str, str]:
        answering, kinds = self._is_answering, {entry.kind for entry in self.conversation.entries}
        if self.prompt.is_searching:
            return SEARCHING
        return {
            "prompt.take": self._take_label(),
            "prompt.leave": "stop" if answering else "tabs",
            "repl.stop": "stop" if answering else "",
            "repl.sort": "sort" if "batch" in kinds else "",
            "repl.unit": "next unit" if "gates" in kinds else "",
        }
