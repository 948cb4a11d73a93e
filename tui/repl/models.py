"""Language models of the REPL, and the selected one."""

from __future__ import annotations

from engine.session_protocol.language import LanguageModelRow, LanguageModels
from tui.repl.model_line import facts_of
from tui.terminal.glyphs import glyphs


class Models:
    """The models of `language.models`; `selected` is the id of the chosen one, empty for the default."""

    def __init__(self, selected: str = "") -> None:
        self.selected = selected
        self.rows: list[LanguageModelRow] = []
        self.is_known = False
        self.previous_step = 0
        self._default = ""

    def update(self, response: LanguageModels) -> None:
        self.rows, self._default, self.is_known = list(response.models), response.default, True

    @property
    def available(self) -> list[LanguageModelRow]:
        """Those with a checkpoint, newest first."""
        return [model for model in self.rows if model.step]

    @property
    def chosen(self) -> LanguageModelRow | None:
        for run in (self.selected, self._default):
            found = next((model for model in self.available if model.run == run), None)
            if found is not None:
                return found
        return next(iter(self.available), None)

    def find(self, name: str) -> str:
        """The id of the model of that id or name, else of one whose id begins or ends, or whose name begins,
        like that; empty when there is none."""
        name = name.removeprefix("@")
        exact = [model for model in self.available if name in (model.run, model.name)]
        like = [m for m in self.available if m.run.startswith(name) or m.run.endswith(f"-{name}")]
        like = like or [model for model in self.available if name and model.name.startswith(name)]
        return next((model.run for model in exact or like), "")

    def other(self) -> str:
        """Run id of the model most like the chosen one but of another framework: the newest of those."""
        chosen = self.chosen
        if chosen is None:
            return ""
        others = [model for model in self.available if model.run != chosen.run]
        best = max(others, key=lambda model: _likeness(model, chosen), default=None)
        return best.run if best is not None else ""

    def description_of(self, model: LanguageModelRow) -> str:
        return f" {glyphs().dot} ".join(facts_of(model))


def _likeness(model: LanguageModelRow, chosen: LanguageModelRow) -> tuple[bool, ...]:
    same = (
        getattr(model, fact) == getattr(chosen, fact)
        for fact in ("direction", "vocabulary_sha256", "model", "layers")
    )
    return (*same, model.framework != chosen.framework)
