"""Who proposes the next point of a sweep: its grid in order, random draws, or TPE.

TPE is Optuna's, by ask and tell, with a study in the folder of the sweep. Optuna is imported inside
functions: a service without a TPE sweep never loads it. The journal of the sweep is authoritative; the study
is synchronised with it when it is opened.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from engine import catalog
from engine.axes import Axis, is_whole_range, sample_point
from engine.params import Value
from engine.service.sweeps import grid_points, trial_result, trial_spec
from engine.service.sweeps.sweep import Config, Sweep
from engine.service.sweeps.trial_result import TrialResult

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

T = TypeVar("T")
P = ParamSpec("P")
Params = dict[str, Value]
MAX_DRAWS = 1000
"""tries to draw a configuration that is new"""
CONFIG_ATTR = "config"
SEED_STRIDE = 7919
"""separates the random streams of consecutive configurations"""


@dataclass(slots=True)
class Samplers:
    """The samplers of all sweeps; Optuna runs in the thread, since it would block the event loop."""

    thread: ThreadPoolExecutor
    _grids: dict[str, tuple[int, Iterator[Params]]] = field(default_factory=dict)
    """of each sweep: number of its widenings, and the points that are left"""
    _studies: dict[str, TpeSampler] = field(default_factory=dict)

    async def next_point(self, sweep: Sweep, config: int) -> tuple[int, Params] | None:
        """Number and params of the point that configuration `config` tries; None if there are no more."""
        if sweep.spec.sampler == "tpe":
            study = await self._study(sweep)
            return sweep.sampled, await self._in_thread(study.ask, config)
        return _draw(sweep) if sweep.spec.sampler == "random" else self._grid_point(sweep)

    async def tell(self, sweep: Sweep, config: Config) -> None:
        """Report the result of a configuration, all seeds of which have ended, to TPE."""
        study = await self._study(sweep)
        await self._in_thread(study.tell, config, trial_result.result_of(sweep, config))

    def forget(self, sweep_id: str) -> None:
        """Drop what is kept in memory of a sweep."""
        self._grids.pop(sweep_id, None)
        self._studies.pop(sweep_id, None)

    def _grid_point(self, sweep: Sweep) -> tuple[int, Params] | None:
        known, points = self._grids.get(sweep.id, (0, iter(())))
        if known != len(sweep.widenings):
            points = grid_points.grid_from(sweep.widenings, sweep.sampled)
            self._grids[sweep.id] = (len(sweep.widenings), points)
        found = next(points, None)
        return None if found is None else (sweep.sampled, found)

    async def _study(self, sweep: Sweep) -> TpeSampler:
        study = self._studies.get(sweep.id)
        if study is None or study.widening != len(sweep.widenings) - 1:
            study = self._studies[sweep.id] = await self._in_thread(TpeSampler.open_study, sweep)
        return study

    async def _in_thread(self, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.thread, lambda: do(*args, **kwargs))


def _draw(sweep: Sweep) -> tuple[int, Params] | None:
    """A configuration that has not been tried, drawn at random; None after MAX_DRAWS tries."""
    kinds = trial_spec.axis_params(catalog.of(sweep.spec))
    first = max((config.point for config in sweep.configs.values() if config.point is not None), default=-1)
    for number in range(first + 1, first + 1 + MAX_DRAWS):
        chosen = sample_point(sweep.spec.axes, kinds, sweep.spec.seed, number)
        if all(config.params != chosen for config in sweep.configs.values()):
            return number, chosen
    return None


# --- TPE --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class TpeSampler:
    """Call it outside the event loop."""

    study: Study
    space: dict[str, BaseDistribution]
    seed: int
    widening: int
    """number of widenings before this study; a widened axis needs a new study"""
    _numbers: dict[int, int] = field(default_factory=dict)
    """configuration: number of the Optuna trial whose result is awaited"""

    @classmethod
    def open_study(cls, sweep: Sweep) -> TpeSampler:
        """Open the study and synchronise it with the journal; trials not in the journal are failed."""
        widening = len(sweep.widenings) - 1
        study = _open_study(sweep.folder.study, _study_name(sweep, widening), sweep.spec.goal)
        space = {axis.name: distribution(axis) for axis in sweep.spec.axes}
        made = cls(study, space, sweep.spec.seed, widening)
        made._sync(sweep)
        return made

    def ask(self, config: int) -> dict[str, Value]:
        """Params of configuration `config`, a function of its number and of the results told so far."""
        from optuna.samplers import TPESampler

        self.study.sampler = TPESampler(
            seed=(self.seed + SEED_STRIDE * config) % 2**32, multivariate=True, constant_liar=True
        )
        trial = self.study.ask(self.space)
        trial.set_user_attr(CONFIG_ATTR, config)
        self._numbers[config] = trial.number
        return {name: _to_value(value) for name, value in trial.params.items()}

    def tell(self, config: Config, result: TrialResult) -> None:
        """Report a result: stopped early counts as pruned, no value as failed."""
        from optuna.trial import TrialState

        number = self._numbers.pop(config.number, None)
        if number is None:
            self._add(config, result)
        elif result.value is None:
            self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)
        elif result.is_complete:
            self.study.tell(number, result.value, skip_if_finished=True)
        else:
            self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)
            self._add(config, result)

    def _add(self, config: Config, result: TrialResult) -> None:
        """Add a trial that this study has not asked for: of an earlier study, or added by a user."""
        from optuna.trial import TrialState, create_trial

        if result.value is None or set(config.params) != set(self.space):
            return
        facts: dict[str, Any] = {"state": TrialState.COMPLETE, "value": result.value}
        if not result.is_complete:
            facts = {"state": TrialState.PRUNED, "intermediate_values": {result.step: result.value}}
        try:
            made = create_trial(
                params=dict(config.params),
                distributions=self.space,
                user_attrs={CONFIG_ATTR: config.number},
                **facts,
            )
        except ValueError:
            return  # a user added it with values outside the axes
        self.study.add_trial(made)

    def _sync(self, sweep: Sweep) -> None:
        from optuna.trial import TrialState

        known: set[int] = set()
        for trial in self.study.get_trials(deepcopy=False):
            config = sweep.configs.get(trial.user_attrs.get(CONFIG_ATTR, 0))
            if trial.state is not TrialState.RUNNING:
                known.add(trial.user_attrs.get(CONFIG_ATTR, 0))
            elif config is None or config.params != trial.params:
                self.study.tell(trial.number, state=TrialState.FAIL)
            else:
                self._numbers[config.number] = trial.number
        for config in sweep.configs.values():
            if config.number not in known and config.told:
                self.tell(config, trial_result.result_of(sweep, config))


def _study_name(sweep: Sweep, widening: int) -> str:
    """The study's name. Older studies stored numbers for None: an axis with None gets a new study."""
    has_words = any(None in (axis.values or ()) for axis in sweep.spec.axes)
    return f"widening-{widening}{'-words' if has_words else ''}"


def distribution(axis: Axis) -> BaseDistribution:
    """Ranges become float or integer distributions; listed values are categorical."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if axis.values is None:
        return FloatDistribution(axis.low or 0.0, axis.high or 0.0, log=axis.log)
    if is_whole_range(axis):
        return IntDistribution(int(axis.low or 0), int(axis.high or 0), log=axis.log and (axis.low or 0) >= 1)
    return CategoricalDistribution(axis.values)


def _open_study(path: Path, name: str, goal: str) -> Study:
    import optuna

    optuna.logging.disable_default_handler()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path.with_name(path.name + ".lock").unlink(
        missing_ok=True
    )  # left by a service that was killed: only one service runs
    try:
        return _create_study(path, name, goal)
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        logging.warning("%s cannot be used (%s): it is rebuilt from the journal", path, error)
        os.replace(path, path.with_name(path.name + ".damaged"))
        return _create_study(path, name, goal)


def _create_study(path: Path, name: str, goal: str) -> Study:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return optuna.create_study(
        study_name=name,
        storage=JournalStorage(JournalFileBackend(str(path))),
        direction="maximize" if goal == "max" else "minimize",
        load_if_exists=True,
    )


def _to_value(value: Any) -> Value:
    """A plain Python value: NumPy numbers are not serialisable as JSON."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return float(value)
