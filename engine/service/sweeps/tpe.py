"""The TPE sampler: Optuna asked and told, its study in the sweep's folder. Only ever used off the event loop.

Optuna is imported here, inside functions: a service without such a sweep never loads it. The sweep's journal
is the truth; the study is made to agree with it whenever it is opened.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.axes import Axis, is_whole_range
from engine.params import Value
from engine.service.sweeps import trial_result
from engine.service.sweeps.sweep import Config, Sweep
from engine.service.sweeps.trial_result import TrialResult

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

MARK = "config"
PRIME = 7919
"""parts the random streams of two questions"""


@dataclass(slots=True)
class Tpe:
    study: Study
    space: dict[str, BaseDistribution]
    seed: int
    widening: int
    """0 for the axes as first asked for; a widened axis needs a study of its own"""
    _numbers: dict[int, int] = field(default_factory=dict)
    """of the trials that the study waits for, by configuration"""

    @classmethod
    def open(cls, sweep: Sweep) -> Tpe:
        """Made to agree with the journal: what was asked and never written down is given up."""
        widening = len(sweep.widenings) - 1
        study = _opened(sweep.folder.study, _name(sweep, widening), sweep.spec.goal)
        space = {axis.name: distribution(axis) for axis in sweep.spec.axes}
        made = cls(study, space, sweep.spec.seed, widening)
        made._agree(sweep)
        return made

    def ask(self, config: int) -> dict[str, Value]:
        """Parameters for configuration `config`, a function of its number and of what was told before."""
        from optuna.samplers import TPESampler

        self.study.sampler = TPESampler(
            seed=(self.seed + PRIME * config) % 2**32, multivariate=True, constant_liar=True
        )
        trial = self.study.ask(self.space)
        trial.set_user_attr(MARK, config)
        self._numbers[config] = trial.number
        return {name: _plain(value) for name, value in trial.params.items()}

    def tell(self, config: Config, result: TrialResult) -> None:
        """A configuration that was stopped early counts as pruned, one without a value as failed."""
        from optuna.trial import TrialState

        number = self._numbers.pop(config.number, None)
        if number is None:
            self._add(config, result)
        elif result.value is None:
            self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)
        elif result.is_whole:
            self.study.tell(number, result.value, skip_if_finished=True)
        else:
            self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)
            self._add(config, result)

    def _add(self, config: Config, result: TrialResult) -> None:
        """Into a study that never asked for it: another one did, or a person."""
        from optuna.trial import TrialState, create_trial

        if result.value is None or set(config.params) != set(self.space):
            return
        facts: dict[str, Any] = {"state": TrialState.COMPLETE, "value": result.value}
        if not result.is_whole:
            facts = {"state": TrialState.PRUNED, "intermediate_values": {result.step: result.value}}
        try:
            made = create_trial(
                params=dict(config.params),
                distributions=self.space,
                user_attrs={MARK: config.number},
                **facts,
            )
        except ValueError:
            return  # a person added it from beyond the axes
        self.study.add_trial(made)

    def _agree(self, sweep: Sweep) -> None:
        from optuna.trial import TrialState

        known: set[int] = set()
        for trial in self.study.get_trials(deepcopy=False):
            config = sweep.configs.get(trial.user_attrs.get(MARK, 0))
            if trial.state is not TrialState.RUNNING:
                known.add(trial.user_attrs.get(MARK, 0))
            elif config is None or config.params != trial.params:
                self.study.tell(trial.number, state=TrialState.FAIL)
            else:
                self._numbers[config.number] = trial.number
        for config in sweep.configs.values():
            if config.number not in known and config.told:
                self.tell(config, trial_result.result_of(sweep, config))


def _name(sweep: Sweep, widening: int) -> str:
    """Studies of before have numbers where an axis has a word: those are told anew."""
    has_words = any(None in (axis.values or ()) for axis in sweep.spec.axes)
    return f"widening-{widening}{'-words' if has_words else ''}"


def distribution(axis: Axis) -> BaseDistribution:
    """Every whole number of a range keeps its order; values that were listed are told apart only."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if axis.values is None:
        return FloatDistribution(axis.low or 0.0, axis.high or 0.0, log=axis.log)
    if is_whole_range(axis):
        return IntDistribution(int(axis.low or 0), int(axis.high or 0), log=axis.log and (axis.low or 0) >= 1)
    return CategoricalDistribution(axis.values)


def _opened(path: Path, name: str, goal: str) -> Study:
    import optuna

    optuna.logging.disable_default_handler()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path.with_name(path.name + ".lock").unlink(
        missing_ok=True
    )  # of a service that was killed: this is the one
    try:
        return _study(path, name, goal)
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        logging.warning("%s cannot be used (%s): it is rebuilt from the journal", path, error)
        os.replace(path, path.with_name(path.name + ".damaged"))
        return _study(path, name, goal)


def _study(path: Path, name: str, goal: str) -> Study:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return optuna.create_study(
        study_name=name,
        storage=JournalStorage(JournalFileBackend(str(path))),
        direction="maximize" if goal == "max" else "minimize",
        load_if_exists=True,
    )


def _plain(value: Any) -> Value:
    """Numbers of NumPy would be no JSON; twelve digits can be typed again."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return float(value)
