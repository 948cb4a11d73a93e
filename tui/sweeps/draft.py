"""The sweep described by a filled form: axes, fixed parameters, settings, number of trials."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine import axes as axis_texts
from engine import catalog, params
from engine.axes import SEED, Axis, parse_axis
from engine.catalog import Experiment
from engine.client.client import Client
from engine.client.submitted_command import ShellCommand, SubmittedCommand
from engine.errors import ParamError
from engine.experiment_files.description import FileExperiment
from engine.params import Param, Value
from engine.sweep_protocol import SweepSpec, SweepSummary
from tui.data import executor_text
from tui.data.command_text import field_name, placeholder_texts
from tui.data.value_text import format_exact
from tui.sweeps import sweep_settings
from tui.sweeps.swept_command import SweptCommand

DRAWN = 30
"""configurations of a random or TPE sweep without a number of trials"""
TRIED = 64
"""number of points that are checked for incompatible values"""
NO_LIMIT = 10**30
NOTHING_VARIES = "No parameter varies yet."


@dataclass(frozen=True, slots=True)
class SweepDraft:
    """`axes` are texts such as lr=0.1,0.01; `planned` counts every seed of every configuration."""

    experiment: str
    axes: tuple[str, ...]
    params: Mapping[str, object]
    settings: Mapping[str, Value]
    seeds: tuple[int, ...]
    configurations: int
    file: FileExperiment | None = None
    """the experiment, where it is a file"""
    submitted: SubmittedCommand | None = None
    """the command, where it is one"""

    @property
    def command(self) -> ShellCommand | None:
        return self.submitted.command if self.submitted else None

    @property
    def planned(self) -> int:
        return self.configurations * len(self.seeds)

    @property
    def text(self) -> str:
        text = f"{self.planned:,} trial{'s' * (self.planned != 1)}"
        if len(self.seeds) > 1:
            text += f": {self.configurations:,} configurations, {len(self.seeds)} seeds each"
        rungs = sweep_settings.rungs_text(self.settings)
        return f"{text}; each {rungs}" if rungs else text

    @property
    def axis_values(self) -> tuple[str, ...]:
        """The values of each axis, one line each, so that a decimal comma is noticed before the start."""
        experiment = catalog.of(self)
        return tuple(axis_texts.describe(experiment, parse_axis(experiment, text)) for text in self.axes)

    async def submit(self, client: Client, data: str | None = None) -> SweepSummary:
        """Submit the sweep; `data` as in `Client.submit`. Raises DltuiError, with nothing started."""
        given = self.settings
        return await client.sweep_submit(
            self.experiment, self.axes, self.params, sampler=str(given["sampler"]), seeds=self.seeds,
            seed=sweep_settings.whole(given, "sampler_seed"),
            trials=sweep_settings.whole_or_none(given, "trials"),
            parallel=sweep_settings.whole_or_none(given, "parallel"),
            prune=sweep_settings.pruner_of(given), name=str(given["name"]), device=str(given["device"]),
            metric=str(given["metric"]), goal=str(given["goal"]), gpu_share=float(given["gpu_share"] or 1),
            executor=executor_text.text_of(str(given["executor"]), str(given["ray_address"])), data=data,
            file=self.file, begin=str(given["parent"]), submitted=self.submitted,
        )  # fmt: skip


def varies(param: Param, text: str) -> bool:
    """Whether the text of a field is an axis rather than one value."""
    is_free_text = param.kind is str and not param.choices
    return not is_free_text and ("," in text or ".." in text)


def field_error(experiment: Experiment, param: Param, text: str) -> str:
    """The error of one field: what was expected and what was given; empty where there is none."""
    try:
        if varies(param, text):
            parse_axis(experiment, f"{param.name}={text}")
        elif param.name == "seeds":
            seeds_of(experiment, text)
        else:
            params.parse_value(param, text)
    except ParamError as error:
        return f"{error.message} {error.remedy}".strip().removeprefix(f"{param.name}: ")
    return ""


def seeds_of(experiment: Experiment, text: str) -> tuple[int, ...]:
    """The seeds of a count or a list. Raises ParamError."""
    if text.strip().isdecimal() and 0 < int(text) <= 10_000:
        return tuple(range(1, int(text) + 1))
    if "," in text or ".." in text:
        return tuple(
            value
            for value in parse_axis(experiment, f"{SEED.name}={text}").values or ()
            if isinstance(value, int)
        )
    raise ParamError(f"seeds: expected a count from 1 to 10,000, or a list such as 1,5,9, got {text[:80]!r}.")


def command_draft_of(command: SweptCommand, typed: Mapping[str, str]) -> SweepDraft:
    """The draft of a form for a command. Raises ParamError as `draft_of` does."""
    made = command.submitted(typed)
    experiment = catalog.from_command(made.command)
    texts = placeholder_texts(made.command, typed)
    axes = tuple(f"{name}={text.strip()}" for name, text in texts.items() if name not in made.params)
    return _draft(experiment, axes, made.params, typed, made)


def draft_of(experiment: Experiment, typed: Mapping[str, str]) -> SweepDraft:
    """The draft of a form. Raises ParamError naming the first wrong field, also for incompatible values."""
    declared = params.declared(experiment.params)
    swept = [param for param in declared if varies(param, typed[param.name])]
    texts = tuple(f"{param.name}={typed[param.name].strip()}" for param in swept)
    fixed = {
        param.name: params.parse_value(param, typed[param.name]) for param in declared if param not in swept
    }
    fixed = {name: fixed[name] for name in params.differing(experiment.params, fixed)}
    return _draft(experiment, texts, fixed, typed)


def _draft(
    experiment: Experiment, texts: tuple[str, ...], fixed: Mapping[str, Value], typed: Mapping[str, str],
    submitted: SubmittedCommand | None = None,
) -> SweepDraft:  # fmt: skip
    axes = tuple(parse_axis(experiment, text) for text in texts)
    settings = sweep_settings.read(experiment, typed)
    seeds = seeds_of(experiment, typed["seeds"])
    if not axes and len(seeds) < 2:
        raise ParamError(NOTHING_VARIES, "Give a field several values: 0.1,0.01 or 1..4")
    configurations = _count(axes, str(settings["sampler"]), sweep_settings.whole_or_none(settings, "trials"))
    _check_some(experiment, axes, fixed, str(settings["sampler"]))
    return SweepDraft(
        experiment.name, texts, fixed, settings, seeds, configurations, experiment.file, submitted
    )


def _count(axes: Sequence[Axis], sampler: str, trials: int | None) -> int:
    if sampler != "grid":
        return trials or DRAWN
    points = axis_texts.count(axes, NO_LIMIT) if trials else axis_texts.count(axes)
    return min(points, trials) if trials else points


def _check_some(
    experiment: Experiment, axes: Sequence[Axis], fixed: Mapping[str, Value], sampler: str
) -> None:
    """Raises the ParamError of the first point if none of the first TRIED points is valid."""
    first: ParamError | None = None
    for point in _points(experiment, axes, sampler):
        try:
            params.build(experiment.params, {**fixed, **point})
            return
        except ParamError as error:
            first = first or error
    if first is not None:
        raise first


def _points(experiment: Experiment, axes: Sequence[Axis], sampler: str) -> Iterator[dict[str, Value]]:
    if sampler == "grid":
        return itertools.islice(axis_texts.grid(axes, NO_LIMIT), TRIED)
    kinds = {param.name: param for param in (*params.declared(experiment.params), SEED)}
    return (axis_texts.sample_point(axes, kinds, 1, number) for number in range(TRIED))


def typed_of(sweep: SweepSummary, experiment: Experiment) -> dict[str, str]:
    """The fields of the form for the same sweep."""
    spec = sweep.spec
    named = str if spec.command is None else field_name
    texts = {named(name): format_exact(name, value) for name, value in spec.params.items()}
    texts |= {named(axis.name): typed_axis(experiment, axis) for axis in spec.axes}
    counted = spec.seeds == tuple(range(1, len(spec.seeds) + 1))
    seeds = str(len(spec.seeds)) if counted else ",".join(map(str, spec.seeds))
    return texts | {
        "sampler": spec.sampler, "trials": sweep_settings.typed("trials", spec.trials), "seeds": seeds,
        "prune": spec.prune.kind,
        "parallel": sweep_settings.typed("parallel", spec.parallel), "device": spec.device,
        "sampler_seed": str(spec.seed), "parent": spec.parent.whole if spec.parent else "",
        "eta": str(spec.prune.eta), "rungs": str(spec.prune.rungs), "startup": str(spec.prune.startup),
        "gpu_share": format_exact("gpu_share", spec.gpu_share), **executor_text.typed_of(spec.executor),
        **_compared(spec, experiment),
    }  # fmt: skip


def _compared(spec: SweepSpec, experiment: Experiment) -> dict[str, str]:
    """The fields of metric and goal; those of the experiment are empty and OWN."""
    if (spec.metric, spec.goal) == (experiment.best, experiment.goal):
        return {"metric": "", "goal": sweep_settings.OWN}
    return {"metric": spec.metric, "goal": spec.goal}


def typed_axis(experiment: Experiment, axis: Axis) -> str:
    """The shortest text that is parsed as that axis."""
    ends = f"{axis.low!r}..{axis.high!r} {'log' if axis.log else 'linear'}"
    if axis.values is None:
        return ends
    if axis.low is not None and len(axis.values) > 2:
        for text in (f"{axis.low:g}..{axis.high:g}", f"{ends} {len(axis.values)}"):
            if _gives(experiment, axis, text):
                return text
    return ",".join(format_exact(axis.name, value) for value in axis.values)


def _gives(experiment: Experiment, axis: Axis, text: str) -> bool:
    try:
        return parse_axis(experiment, f"{axis.name}={text}").values == axis.values
    except ParamError:
        return False
