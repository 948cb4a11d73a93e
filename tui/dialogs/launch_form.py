"""The form for the parameters of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine import catalog, params
from engine.catalog import Experiment
from engine.client.client import Client
from engine.params import Param
from engine.places import data_folder
from engine.protocol import RunSummary
from tui.data import executor_text as executor
from tui.data.run_text import given_name
from tui.data.same_name_warning import same_name_warning
from tui.data.value_text import data_line, exact_settings, format_exact
from tui.dialogs.form_dialog import FormOutcome, FormScreen
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
"""fields of every run, besides the parameters of its experiment"""
_ABOUT_NAMES = frozenset(param.name for param in ABOUT)


@dataclass(frozen=True, slots=True)
class Launch:
    """A run to submit; `typed` are the texts of the form, used the next time it opens."""

    experiment: str
    params: Mapping[str, object]
    seed: int
    name: str
    device: str
    executor: str = "local"
    typed: Mapping[str, str] = field(default_factory=dict)
    data: str | None = None
    """folder of data sets; None: that of this process"""

    async def submit(self, client: Client) -> RunSummary:
        """Submit the run. Raises DltuiError, and nothing was started."""
        return await client.submit(
            self.experiment, self.params, seed=self.seed, name=self.name, device=self.device,
            executor=self.executor, data=self.data,
        )  # fmt: skip

    async def name_warning(self, client: Client, run: RunSummary) -> str:
        """A warning where other runs have the same name, else empty."""
        return await same_name_warning(client, run) if self.name else ""


def launch_screen(experiment: Experiment, typed: Typed, data: str | None = None) -> FormScreen[Launch]:
    """The launch form. `data` is the folder of data sets of a run to repeat; None: that of this shell."""
    folder = data_folder() if data is None else data
    fields = [field_of(param) for param in (*params.declared(experiment.params), *ABOUT)]

    async def act(given: Typed) -> Launch:
        return _launch_of(experiment, given, folder)

    def outcome(given: Typed) -> FormOutcome:
        params.build(experiment.params, _own(given))
        return FormOutcome(_effective_text(experiment, _own(given)))

    form = Form(fields, typed, gap="name", applies=_applies)
    return FormScreen(
        experiment.title, form, act, submit_label="launch", about=(experiment.claim,),
        fact=data_line(experiment, folder), outcome=outcome,
    )  # fmt: skip


def _applies(name: str, typed: Typed) -> bool:
    """The address applies to a Ray cluster only."""
    return name != "ray_address" or typed["executor"] == "ray"


def _own(typed: Typed) -> dict[str, str]:
    return {name: text for name, text in typed.items() if name not in _ABOUT_NAMES}


def _effective_text(experiment: Experiment, typed: Typed) -> str:
    """The values in effect of fields that a recipe decides."""
    found = catalog.effective(experiment.name, typed)
    return f"auto: {', '.join(exact_settings(found))}" if found else ""


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
    """The texts of the form that repeat a run."""
    texts = {name: format_exact(name, value) for name, value in run.spec.params.items()}
    texts |= {"name": given_name(run), "seed": str(run.spec.seed), "device": run.spec.device}
    return texts | executor.typed_of(run.spec.executor)
