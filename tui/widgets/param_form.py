"""The form of an experiment, made of its declared parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message

from engine import params
from engine.catalog import Experiment
from engine.client import Client
from engine.errors import ParamError
from engine.params import Param
from engine.protocol import RunSummary
from tui import executor
from tui.widgets.param_field import ParamField, as_text

MOST_SEED = 2**32 - 1
ABOUT = (
    Param("name", str, "", "what to call the run; may stay empty"),
    Param("seed", int, 1, "of every random choice", least=0, most=MOST_SEED),
    Param("device", str, "auto", "where it trains", ("auto", "cpu", "gpu")),
    *executor.FIELDS,
)
"""what every run has besides the parameters of its experiment"""


@dataclass(frozen=True, slots=True)
class Launch:
    """A run as it was asked for; `typed` is what the form held, to be offered again."""

    experiment: str
    params: Mapping[str, object]
    seed: int
    name: str
    device: str
    executor: str = "local"
    typed: Mapping[str, str] = field(default_factory=dict)
    data: str | None = None
    """the folder of data sets; None: that of this process"""

    async def submit(self, client: Client) -> RunSummary:
        """Raises the engine's words; nothing was started then."""
        return await client.submit(
            self.experiment, self.params, seed=self.seed, name=self.name, device=self.device,
            executor=self.executor, data=self.data,
        )  # fmt: skip


class ParamForm(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Fields below each other; `mistake` says what is wrong with them together."""

    @dataclass
    class Changed(Message):
        mistake: str

    def __init__(self, experiment: Experiment, typed: Mapping[str, str], **widget: Any) -> None:
        super().__init__(**widget)
        self.experiment = experiment
        self._typed = typed
        self.mistake = ""

    def compose(self) -> ComposeResult:
        for param in (*params.declared(self.experiment.params), *ABOUT):
            text = self._typed.get(param.name, as_text(param.default))
            yield ParamField(param, text, id=f"param-{param.name}")

    @property
    def fields(self) -> list[ParamField]:
        return list(self.query(ParamField))

    def typed(self) -> dict[str, str]:
        return {field.param.name: field.text for field in self.fields}

    def launch(self) -> Launch | None:
        """What was asked for; None while something is wrong."""
        self.check()
        if self.mistake:
            return None
        typed = self.typed()
        about = {param.name: params.read(param, typed[param.name]) for param in ABOUT}
        own = {name: text for name, text in typed.items() if name not in about}
        values = params.build(self.experiment.params, own)
        given = {param.name: getattr(values, param.name) for param in params.declared(self.experiment.params)}
        kept = {name: text for name, text in typed.items() if name != "name"}
        place = executor.text_of(str(about["executor"]), str(about["ray_address"]))
        return Launch(
            self.experiment.name, given, int(about["seed"]), str(about["name"]), str(about["device"]),
            place, kept,
        )  # fmt: skip

    def on_mount(self) -> None:
        self._show_some()

    def _show_some(self) -> None:
        """An address is asked for where there is a cluster alone."""
        fields = {field.param.name: field for field in self.fields}
        address = fields["ray_address"]
        was_shown, address.display = address.display, fields["executor"].text == "ray"
        if address.display and not was_shown:
            self.call_after_refresh(address.scroll_visible, animate=False)

    def put_defaults(self) -> None:
        for found in self.fields:
            found.text = as_text(found.param.default)

    def move(self, by: int) -> None:
        """To the next field."""
        found = [field for field in self.fields if field.display]
        places = [place for place, one in enumerate(found) if one.editor.has_focus]
        place = (places[0] + by) % len(found) if places else 0
        found[place].editor.focus()

    @on(ParamField.Changed)
    def check(self) -> None:
        """Field by field, then all together."""
        self._show_some()
        wrong = [found.param.name for found in self.fields if found.wrong]
        self.mistake = f"{', '.join(wrong)}: not right yet." if wrong else self._mistake_together()
        self.post_message(self.Changed(self.mistake))

    def _mistake_together(self) -> str:
        names = {param.name for param in ABOUT}
        own = {name: text for name, text in self.typed().items() if name not in names}
        try:
            params.build(self.experiment.params, own)
        except ParamError as error:
            return str(error)
        return ""
