"""The models that can be talked to, and which of them is meant."""

from __future__ import annotations

from engine.protocol import Json
from tui.repl.model_line import facts_of
from tui.terminal.glyphs import glyphs


class Models:
    """As `language.models` told them; `wanted` is the id of the one that was chosen."""

    def __init__(self, wanted: str = "") -> None:
        self.wanted = wanted
        self.rows: list[Json] = []
        self.is_known = False
        self.step_before = 0
        self._default = ""

    def take(self, answer: Json) -> None:
        self.rows, self._default, self.is_known = list(answer["models"]), str(answer["default"]), True

    @property
    def able(self) -> list[Json]:
        """Those with a checkpoint, newest first."""
        return [model for model in self.rows if model["step"]]

    @property
    def chosen(self) -> Json | None:
        for run in (self.wanted, self._default):
            found = next((model for model in self.able if model["run"] == run), None)
            if found is not None:
                return found
        return next(iter(self.able), None)

    def find(self, name: str) -> str:
        """The id of the model of that name, or with an id or name like that; empty when there is none."""
        name = name.removeprefix("@")
        exact = [model for model in self.able if name in (model["run"], model["name"])]
        like = [m for m in self.able if str(m["run"]).startswith(name) or str(m["run"]).endswith(f"-{name}")]
        like = like or [model for model in self.able if name and str(model["name"]).startswith(name)]
        return str((exact or like or [{"run": ""}])[0]["run"])

    def other(self) -> str:
        """The one that is most like it but for the framework: the newest of those."""
        chosen = self.chosen
        if chosen is None:
            return ""
        others = [model for model in self.able if model["run"] != chosen["run"]]
        best = max(others, key=lambda model: _likeness(model, chosen), default=None)
        return str(best["run"]) if best is not None else ""

    def words_of(self, model: Json) -> str:
        return f" {glyphs().dot} ".join(facts_of(model))


def _likeness(model: Json, chosen: Json) -> tuple[bool, ...]:
    same = (model[fact] == chosen[fact] for fact in ("direction", "vocabulary_sha256", "layers"))
    return (*same, model["framework"] != chosen["framework"])
