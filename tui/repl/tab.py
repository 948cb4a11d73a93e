"""The REPL tab: talk to any language model that was trained, or still trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual import on
from textual.worker import Worker

from engine import catalog
from engine.errors import DltuiError
from tui.data.actions import run_and_notify
from tui.keys import all_keys
from tui.repl import transcripts
from tui.repl.conversation import SETTINGS
from tui.repl.prompt_line import PromptLine
from tui.repl.slash import parted
from tui.repl.view import ReplView
from tui.terminal.plain_text import plain

if TYPE_CHECKING:
    from tui.dialogs.launch import Launch


NO_MODEL = "There is no model to answer yet: ^n trains one."
NOT_KNOWN = "Still looking for models: try again in a moment."
SEARCHING = {
    "prompt.say": "take it", "prompt.take": "", "prompt.leave": "back", "prompt.earlier": "newer",
    "prompt.later": "older", "prompt.search": "next older",
}  # fmt: skip
"""what the keys do while one searches what was said before"""


class ReplTab(ReplView):
    """What is said is answered; the keys of the transcript."""

    BINDINGS = all_keys.bindings("repl")

    _saying: Worker[None] | None = None

    @on(PromptLine.Escaped)
    def _escape(self) -> None:
        if self.prompt.is_searching:
            self._end_search(taken=False)
        elif self._is_saying:
            self.action_stop()
        else:
            self.transcript.focus(scroll_visible=False)

    # --- what is said ----------------------------------------------------------------------------------

    @on(PromptLine.Said)
    def _say(self) -> None:
        if self.prompt.is_searching:
            self._end_search(taken=True)
            return
        line = self.prompt.value.strip()
        self._keep(line)
        self.prompt.put("")
        self._do(line)
        self.transcript.to_end()

    def _keep(self, line: str) -> None:
        try:
            self.past.add(line)
        except OSError as error:
            self.notify(plain(f"What was said is not kept: {error}", limit=200), markup=False)

    def _do(self, line: str) -> None:
        try:
            slash, text = parted(line)
        except DltuiError as error:
            self.talk.add(line).note(str(error), "bad")
            return
        if slash.name in SETTINGS:
            self.talk.set(slash, text)
            self.model_line.show(self.models.chosen, self.talk.sampling.words())
            self.remember()
        elif slash.deed:
            self._do_here(slash.name, text)
        elif not self.talk.run:
            self.talk.add(line).note(self._no_model(), "warn")
        else:
            self._answer(self.talk.say(line))

    def _do_here(self, name: str, text: str) -> None:
        if name == "model" and text:
            found = self.models.find(text)
            if found:
                self._choose(found)
            else:
                words = f"No model with a checkpoint is called {text!r}. /model shows them."
                words = words if self.models.is_known else NOT_KNOWN
                self.talk.add(f"/model {text}").note(words, "bad")
        elif name == "export":
            self._export(text)
        else:
            {"model": self.action_model, "clear": self.action_clear, "help": self._help}[name]()

    def _no_model(self) -> str:
        return NO_MODEL if self.models.is_known else NOT_KNOWN

    def _answer(self, saying: Any) -> None:
        """What is said now stops what was being said."""
        self._saying = self.run_worker(saying, group="say", exclusive=True, exit_on_error=False)

    @property
    def _is_saying(self) -> bool:
        return self._saying is not None and not self._saying.is_finished

    @on(PromptLine.Pasted)
    def _paste(self, message: PromptLine.Pasted) -> None:
        if not self.talk.run:
            self.talk.add("/score").note(self._no_model(), "warn")
        else:
            self._answer(self._score_all([line.replace("\t", " ") for line in message.lines]))

    async def _score_all(self, lines: list[str]) -> None:
        """A long table is looked at from its top."""
        self.transcript.to_end()
        await self.talk.score_all(lines)
        self.transcript.to_entry(self.talk.entries[-1])

    @on(PromptLine.Paged)
    def _page(self, message: PromptLine.Paged) -> None:
        self.transcript.action_scroll_page(message.by)

    # --- keys of the transcript ------------------------------------------------------------------------

    def action_prompt(self, text: str = "") -> None:
        if text and not self.prompt.value:
            self.prompt.put(text)
        self.prompt.focus(scroll_visible=False)

    def action_stop(self) -> None:
        if self._saying is not None:
            self._saying.cancel()

    def action_sort(self) -> None:
        entry = self.talk.newest("batch")
        if entry is not None:
            self.talk.sort(entry)
            self.transcript.to_entry(entry)

    def action_unit(self, by: int) -> None:
        entry = self.talk.newest("gates")
        if entry is not None:
            self._answer(self.talk.turn_unit(entry, by))

    def action_clear(self) -> None:
        self.talk.clear()

    def action_copy(self) -> None:
        if self.talk.entries:
            run_and_notify(self, self.context.clipboard.copy(self.app, self.talk.entries[-1].text()))

    def action_export(self) -> None:
        self._export("")

    def _export(self, name: str) -> None:
        run_and_notify(self, transcripts.export(self.context.places.root, self.talk.entries, name))

    def _help(self) -> None:
        from tui.repl.welcome import commands

        self.talk.add("/help").show(commands)

    @on(PromptLine.Trained)
    def action_new(self) -> None:
        from tui.dialogs.launch import launch_screen

        last = self.context.state.last_params.get("lm", {})
        typed = {name: str(text) for name, text in last.items()} | self._partner()
        self.app.push_screen(launch_screen(catalog.find("lm"), typed), self._launched)

    def _partner(self) -> dict[str, str]:
        """The parameters of the model that the last answer lacked; none when it lacked none."""
        model = self.models.chosen
        if model is None or not self.talk.lacks_partner:
            return {}
        direction = "forward" if model["direction"] == "reversed" else "reversed"
        same = {name: str(model[name]) for name in ("framework", "corpus", "vocabulary", "tokeniser")}
        return {**same, "direction": direction}

    def _launched(self, launch: Launch | None) -> None:
        if launch is not None:
            self.context.state.last_params[launch.experiment] = dict(launch.typed)
            run_and_notify(self, self._submit(launch))

    async def _submit(self, launch: Launch) -> str:
        client = self.context.connection.client
        made = await launch.submit(client)
        said = "The run is started; the model answers from its first checkpoint on."
        return f"{said} {await launch.name_warning(client, made)}".rstrip()

    def key_labels(self) -> Mapping[str, str]:
        saying, kinds = self._is_saying, {entry.kind for entry in self.talk.entries}
        if self.prompt.is_searching:
            return SEARCHING
        return {
            "prompt.take": self._take_label(),
            "prompt.leave": "stop" if saying else "tabs",
            "repl.stop": "stop" if saying else "",
            "repl.sort": "sort" if "batch" in kinds else "",
            "repl.unit": "next unit" if "gates" in kinds else "",
        }
