"""A sweep as it was typed into the form: what varies, what is fixed, how many trials that makes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine import axes as axis_texts
from engine import catalog, params
from engine.axes import SEED, Axis, parse_axis
from engine.catalog import Experiment
from engine.client.client import Client
from engine.errors import ParamError
from engine.params import Param, Value
from engine.sweep_protocol import SweepSpec, SweepSummary
from tui.data import executor
from tui.data.value_text import format_exact
from tui.sweeps import settings as asked

DRAWN = 30
"""configurations of a random or TPE sweep that names no number"""
TRIED = 64
"""points looked at for values that do not go together"""
NO_LIMIT = 10**30
NOTHING_VARIES = "No parameter varies yet."


@dataclass(frozen=True, slots=True)
class SweepDraft:
    """`planned` counts every seed of every configuration."""

    experiment: str
    axes: tuple[str, ...]
    params: Mapping[str, object]
    settings: Mapping[str, Value]
    seeds: tuple[int, ...]
    configurations: int

    @property
    def planned(self) -> int:
        return self.configurations * len(self.seeds)

    @property
    def words(self) -> str:
        words = f"{self.planned:,} trial{'s' * (self.planned != 1)}"
        if len(self.seeds) > 1:
            words += f": {self.configurations:,} configurations, {len(self.seeds)} seeds each"
        rungs = asked.rungs_words(self.settings)
        return f"{words}; each {rungs}" if rungs else words

    @property
    def said(self) -> tuple[str, ...]:
        """What each axis holds: a decimal comma is seen before anything starts."""
        experiment = catalog.find(self.experiment)
        return tuple(axis_texts.describe(experiment, parse_axis(experiment, text)) for text in self.axes)

    async def submit(self, client: Client, data: str | None = None) -> SweepSummary:
        """`data` as in `Client.submit`. Raises the engine's words; nothing was started then."""
        given = self.settings
        return await client.sweep_submit(
            self.experiment, self.axes, self.params, sampler=str(given["sampler"]), seeds=self.seeds,
            seed=asked.whole(given, "sampler_seed"), trials=asked.whole_or_none(given, "trials"),
            parallel=asked.whole_or_none(given, "parallel"),
            prune=asked.pruner_of(given), name=str(given["name"]), device=str(given["device"]),
            metric=str(given["metric"]), goal=str(given["goal"]), gpu_share=float(given["gpu_share"] or 1),
            executor=executor.text_of(str(given["executor"]), str(given["ray_address"])), data=data,
        )  # fmt: skip


def varies(param: Param, text: str) -> bool:
    """Whether that is an axis rather than one value."""
    is_free_text = param.kind is str and not param.choices
    return not is_free_text and ("," in text or ".." in text)


def mistake_in(experiment: Experiment, param: Param, text: str) -> str:
    """What is wrong with one field; empty when nothing is. It names what was expected and what came."""
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
    """Raises ParamError."""
    if text.strip().isdecimal() and 0 < int(text) <= 10_000:
        return tuple(range(1, int(text) + 1))
    if "," in text or ".." in text:
        return tuple(
            value
            for value in parse_axis(experiment, f"{SEED.name}={text}").values or ()
            if isinstance(value, int)
        )
    raise ParamError(f"seeds: expected a count from 1 to 10,000, or a list such as 1,5,9, got {text[:80]!r}.")


def draft_of(experiment: Experiment, typed: Mapping[str, str]) -> SweepDraft:
    """Raises ParamError naming the first field that is wrong, also when values do not go together."""
    declared = params.declared(experiment.params)
    swept = [param for param in declared if varies(param, typed[param.name])]
    texts = tuple(f"{param.name}={typed[param.name].strip()}" for param in swept)
    axes = tuple(parse_axis(experiment, text) for text in texts)
    fixed = {
        param.name: params.parse_value(param, typed[param.name]) for param in declared if param not in swept
    }
    fixed = {name: fixed[name] for name in params.differing(experiment.params, fixed)}
    settings = asked.read(experiment, typed)
    seeds = seeds_of(experiment, typed["seeds"])
    if not axes and len(seeds) < 2:
        raise ParamError(NOTHING_VARIES, "Give a field several values: 0.1,0.01 or 1..4")
    configurations = _count(axes, str(settings["sampler"]), asked.whole_or_none(settings, "trials"))
    _check_some(experiment, axes, fixed, str(settings["sampler"]))
    return SweepDraft(experiment.name, texts, fixed, settings, seeds, configurations)


def _count(axes: Sequence[Axis], sampler: str, trials: int | None) -> int:
    if sampler != "grid":
        return trials or DRAWN
    points = axis_texts.count(axes, NO_LIMIT) if trials else axis_texts.count(axes)
    return min(points, trials) if trials else points


def _check_some(
    experiment: Experiment, axes: Sequence[Axis], fixed: Mapping[str, Value], sampler: str
) -> None:
    """Wrong when none of the first points is possible: the first one says why."""
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
    """What one would type to get that sweep again."""
    spec = sweep.spec
    texts = {name: format_exact(name, value) for name, value in spec.params.items()}
    texts |= {axis.name: typed_axis(experiment, axis) for axis in spec.axes}
    counted = spec.seeds == tuple(range(1, len(spec.seeds) + 1))
    seeds = str(len(spec.seeds)) if counted else ",".join(map(str, spec.seeds))
    return texts | {
        "sampler": spec.sampler, "trials": asked.typed("trials", spec.trials), "seeds": seeds,
        "prune": spec.prune.kind,
        "parallel": asked.typed("parallel", spec.parallel), "device": spec.device,
        "sampler_seed": str(spec.seed),
        "eta": str(spec.prune.eta), "rungs": str(spec.prune.rungs), "startup": str(spec.prune.startup),
        "gpu_share": format_exact("gpu_share", spec.gpu_share), **executor.typed_of(spec.executor),
        **_compared(spec, experiment),
    }  # fmt: skip


def _compared(spec: SweepSpec, experiment: Experiment) -> dict[str, str]:
    """By what, where that is not what the experiment says."""
    if (spec.metric, spec.goal) == (experiment.best, experiment.goal):
        return {"metric": "", "goal": asked.OWN}
    return {"metric": spec.metric, "goal": spec.goal}


def typed_axis(experiment: Experiment, axis: Axis) -> str:
    """The shortest text that gives that axis again."""
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
