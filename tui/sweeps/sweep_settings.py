"""The settings of every sweep besides the parameters of its experiment: fields, defaults, validation."""

from __future__ import annotations

from collections.abc import Mapping

from engine import params
from engine.catalog import Experiment
from engine.errors import ParamError
from engine.params import Param, Value, format_value
from engine.sweep_protocol import PARALLEL, PRUNERS, SAMPLERS, TRIALS, Prune
from tui.data import executor_text

_PRUNE = Prune()
OWN = "its own"
SETTINGS = (
    Param("name", str, "", "name of the sweep; may be empty"),
    Param(
        "sampler",
        str,
        "grid",
        "grid: every point; random; tpe: Bayesian, proposes near good trials",
        SAMPLERS,
    ),
    TRIALS,
    Param("seeds", str, "1", "seeds of each configuration: a count, or a list such as 1,5,9"),
    Param("prune", str, "none", "pruning: stop bad trials early", PRUNERS),
    Param(
        "eta",
        int,
        _PRUNE.eta,
        "reduction factor: the best 1 of eta trials continues after each check",
        least=2,
        most=100,
    ),
    Param("rungs", int, _PRUNE.rungs, "number of pruning checks per trial", least=1, most=12),
    Param(
        "startup",
        int,
        _PRUNE.startup,
        "trials that reach a check before the first one is pruned there",
        least=1,
        most=10_000,
    ),
    PARALLEL,
    Param("parent", str, "", "checkpoint that each trial begins with: RUN@STEP or RUN@best; empty: none"),
    Param("device", str, "auto", "device that trains", ("auto", "cpu", "gpu")),
)
MORE = (
    Param("sampler_seed", int, 1, "seed of the sampler (random, TPE)", least=0, most=2**32 - 1),
    Param("metric", str, "", "metric to optimise; empty: the experiment's"),
    Param(
        "goal",
        str,
        OWN,
        "goal for the metric: min or max; its own: that of the experiment",
        (OWN, "min", "max"),
    ),
    Param("gpu_share", float, 1.0, "share of one GPU per trial", above=0, most=1),
    *executor_text.FIELDS,
)
"""settings that are rarely changed and collapsed in the form"""
_ONLY_FOR = {
    "sampler_seed": ("sampler", ("random", "tpe")),
    "eta": ("prune", ("asha",)),
    "rungs": ("prune", ("asha", "median")),
    "startup": ("prune", ("median",)),
    "ray_address": ("executor", ("ray",)),
}


def applies(name: str, typed: Mapping[str, str]) -> bool:
    """Whether a setting has an effect, given the other fields."""
    other, values = _ONLY_FOR.get(name, ("", ("",)))
    return typed.get(other, "") in values


def names() -> list[str]:
    """Names of the collapsed settings that have an effect by default."""
    return [param.name for param in MORE if applies(param.name, {})]


def changed(typed: Mapping[str, str]) -> list[str]:
    """The collapsed settings that differ from their default, as name=text."""
    return [
        f"{param.name}={typed[param.name]}"
        for param in MORE
        if param.name in typed
        and applies(param.name, typed)
        and typed.get(param.name, default := format_value(param, param.default)) != default
    ]


def read(experiment: Experiment, typed: Mapping[str, str]) -> dict[str, Value]:
    """The values of all settings; those without an effect have their default. Raises ParamError."""
    found = {
        param.name: params.parse_value(param, typed[param.name])
        if param.name in typed and applies(param.name, typed)
        else param.default
        for param in (*SETTINGS, *MORE)
    }
    goal = "" if found["goal"] == OWN else str(found["goal"])
    metric = str(found["metric"]).strip()
    if metric not in ("", experiment.best) and not goal:
        raise ParamError(f"goal: expected min or max of {metric[:40]}, got {OWN!r}.")
    return {**found, "metric": metric, "goal": goal}


def pruner_of(found: Mapping[str, Value]) -> Prune:
    eta, rungs, startup = (whole(found, name) for name in ("eta", "rungs", "startup"))
    return Prune(str(found["prune"]), eta, rungs, startup)


def whole(found: Mapping[str, Value], name: str) -> int:
    return int(found[name] or 0)


def whole_or_none(found: Mapping[str, Value], name: str) -> int | None:
    value = found[name]
    return None if value is None else int(value)


def typed(name: str, value: Value) -> str:
    """The text of a setting in the form."""
    return format_value(next(param for param in (*SETTINGS, *MORE) if param.name == name), value)


def rungs_text(found: Mapping[str, Value]) -> str:
    """When trials are checked for pruning, as shares of their steps; empty without pruning."""
    shares = pruner_of(found).shares
    return (
        f"checked for pruning at {', '.join(f'{share:.2g}' for share in shares)} of its steps"
        if shares
        else ""
    )
