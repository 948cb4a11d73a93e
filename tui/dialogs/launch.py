"""Asks for the parameters of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine import catalog, params
from engine.catalog import Experiment
from engine.client.client import Client
from engine.params import Param
from engine.places import data_folder
from engine.protocol import RunSummary
from tui.data import executor
from tui.data.run_text import own_name
from tui.data.same_name import doubt_of_name
from tui.data.value_text import data_line, exact, exact_pairs
from tui.dialogs.form import FormOutcome, FormScreen
from tui.ui.form import Form, Typed, field_of

MOST_SEED = 2**32 - 1
ABOUT = (
    Param("name", str, "", "name of the run; may be empty"),
    Param(
        "seed", int, 1, "random seed: initial weights, order of the data, dropout", least=0, most=MOST_SEED
    ),
    Param("device", str, "auto", "device that trains", ("auto", "cpu", "gpu")),
    *executor.FIELDS,
)
"""what every run has besides the parameters of its experiment"""
_ABOUT_NAMES = frozenset(param.name for param in ABOUT)


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

    async def doubt(self, client: Client, made: RunSummary) -> str:
        """A warning where the name that was typed is that of other runs too; empty where it is not."""
        return await doubt_of_name(client, made) if self.name else ""


def launch_screen(experiment: Experiment, typed: Typed, data: str | None = None) -> FormScreen[Launch]:
    """`data` is the folder of data sets of a run that is asked for again; None: that of this shell."""
    folder = data_folder() if data is None else data
    fields = [field_of(param) for param in (*params.declared(experiment.params), *ABOUT)]

    async def act(given: Typed) -> Launch:
        return _launch_of(experiment, given, folder)

    def outcome(given: Typed) -> FormOutcome:
        params.build(experiment.params, _own(given))
        return FormOutcome(_settled(experiment, _own(given)))

    form = Form(fields, typed, gap="name", applies=_applies)
    return FormScreen(
        experiment.title, form, act, word="launch", about=(experiment.claim,),
        fact=data_line(experiment, folder), outcome=outcome,
    )  # fmt: skip


def _applies(name: str, typed: Typed) -> bool:
    """An address is asked for where there is a cluster alone."""
    return name != "ray_address" or typed["executor"] == "ray"


def _own(typed: Typed) -> dict[str, str]:
    return {name: text for name, text in typed.items() if name not in _ABOUT_NAMES}


def _settled(experiment: Experiment, typed: Typed) -> str:
    """What comes of the fields that are left to a recipe."""
    found = catalog.effective(experiment.name, typed)
    return f"auto: {', '.join(exact_pairs(found))}" if found else ""


def _launch_of(experiment: Experiment, typed: Typed, data: str) -> Launch:
    about = {param.name: params.parse_value(param, typed[param.name]) for param in ABOUT}
    values = params.build(experiment.params, _own(typed))
    given = {param.name: getattr(values, param.name) for param in params.declared(experiment.params)}
    kept = {name: text for name, text in typed.items() if name != "name"}
    place = executor.text_of(str(about["executor"]), str(about["ray_address"]))
    return Launch(
        experiment.name,
        given,
        int(about["seed"] or 0),
        str(about["name"]),
        str(about["device"]),
        place,
        kept,
        data,
    )


def typed_of(run: RunSummary) -> dict[str, str]:
    """What one would type to get that run again."""
    texts = {name: exact(name, value) for name, value in run.spec.params.items()}
    texts |= {"name": own_name(run), "seed": str(run.spec.seed), "device": run.spec.device}
    return texts | executor.typed_of(run.spec.executor)
