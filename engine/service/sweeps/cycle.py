"""The turn of a sweep: look at its trials, judge them, tell the sampler, ask for the next ones."""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from engine import store
from engine.axes import drawn
from engine.errors import CorruptRun, DltuiError, ParamError, RunNotFound, RunRefused
from engine.params import Value
from engine.protocol import Json, RunSummary, number_to_json
from engine.service.placement.machine import MachineMonitor
from engine.service.runs.registry import RunRegistry
from engine.service.runs.runs import Runs
from engine.service.sweeps import batch_run, journal, pruner, sampler, trial_result, trial_spec
from engine.service.sweeps.curve import TrialCurve
from engine.service.sweeps.sweep import Config, Sweep, Trial
from engine.service.sweeps.sweep_batch import SweepBatch
from engine.service.sweeps.tpe import Tpe
from engine.sweep_protocol import SweepStatus, TrialRow, TrialStatus

T = TypeVar("T")
P = ParamSpec("P")
RETRY_SECONDS = 5.0
SURVEY_SECONDS = 1.0
DRAWS = 1000
"""in search of a configuration that is new"""
AWAY = 16
"""trials elsewhere at once, where the sweep does not say how many: the cluster queues what does not fit"""
AT_ONCE = 64
"""trials asked for in one turn: others want to be served too"""


@dataclass(slots=True)
class SweepCycle:
    registry: RunRegistry
    runs: Runs
    machine: MachineMonitor
    executors: Collection[str] = ("local",)
    desk: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="sweeps")
    )
    """one thread for the disk and for Optuna: the event loop waits for neither"""
    _curves: dict[str, TrialCurve] = field(default_factory=dict)
    _grids: dict[str, tuple[int, Iterator[dict[str, Value]]]] = field(default_factory=dict)
    _studies: dict[str, Tpe] = field(default_factory=dict)
    _surveyed: dict[str, float] = field(default_factory=dict)
    _said: dict[tuple[str, int, int], float] = field(default_factory=dict)
    """when a lane of a batch is told again to stop"""

    async def turn(self, sweep: Sweep) -> None:
        await self._look(sweep)
        if sweep.spec.lanes:
            await self.survey(sweep)
        await self._stop_blind(sweep)
        await self._obey(sweep)
        await self._teach(sweep)
        if sweep.wanted is SweepStatus.RUNNING and time.monotonic() >= sweep.not_before:
            await self._ask(sweep)

    async def _stop_blind(self, sweep: Sweep) -> None:
        """A sweep by a metric that its experiment does not declare and no trial logs finds nothing."""
        if sweep.wanted is not SweepStatus.RUNNING or sweep.spec.lanes:
            return
        if sweep.spec.metric in trial_spec.declared_metrics(sweep.spec):
            return
        why = sweep.blind()
        if why:
            held = [trial.number for trial in sweep.open_trials()]
            await self.note(sweep, {"kind": "blind", "why": why, "held": held})

    async def note(self, sweep: Sweep, *facts: Json) -> None:
        """On disk first, then in memory. Raises DltuiError."""
        if not facts:
            return
        try:
            await self.off_loop(journal.append, sweep.folder.journal, list(facts))
        except OSError as error:
            raise DltuiError(
                f"{sweep.folder.journal} cannot be written: {error.strerror or error}."
            ) from error
        for fact in facts:
            sweep.fold({"at": round(time.time(), 3), **fact})

    async def off_loop(self, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.desk, lambda: do(*args, **kwargs))

    def forget(self, sweep_id: str) -> None:
        self._grids.pop(sweep_id, None)
        self._studies.pop(sweep_id, None)

    async def survey(self, sweep: Sweep) -> None:
        """How the lanes of a batch stand: once a second while it trains."""
        batches = _batches(sweep)
        is_open = any(sweep.trials[-batch.number].open for batch, _ in batches)
        if not batches or (sweep.batch and not is_open and self._surveyed.get(sweep.id) == -math.inf):
            return
        if time.monotonic() - self._surveyed.get(sweep.id, 0.0) < SURVEY_SECONDS and is_open:
            return
        from engine.service.sweeps import batch_trials  # it imports NumPy, which most services never need

        self._surveyed[sweep.id] = time.monotonic() if is_open else -math.inf
        try:
            found = await self.off_loop(batch_trials.standing, self.registry.places, sweep.spec, batches)
        except (CorruptRun, OSError) as error:
            logging.warning("sweep %s: %s", sweep.id, error)
            return
        if found != sweep.batch:
            sweep.batch, sweep.dirty = found, True

    async def rows(self, sweep: Sweep) -> list[TrialRow]:
        """Of all trials, the lanes of a batch among them. Raises CorruptRun."""
        own = [trial.row for trial in sweep.trials.values() if trial.number > 0 or not sweep.spec.lanes]
        batches = _batches(sweep)
        if not batches:
            return own
        from engine.service.sweeps import batch_trials  # as above

        try:
            lanes = await self.off_loop(
                batch_trials.rows, self.registry.places, sweep.spec, batches, frozenset(sweep.pinned)
            )
            return lanes + own
        except OSError as error:
            raise CorruptRun(
                f"The networks of the batched run {sweep.id} cannot be read: {error}."
            ) from error

    async def lane(self, sweep: Sweep, trial: int) -> TrialRow | None:
        """How it stands; None where its batch has left nothing yet. Raises CorruptRun."""
        from engine.service.sweeps import batch_trials  # as above

        try:
            return await self.off_loop(
                batch_trials.row, self.registry.places, sweep.spec, _batches(sweep), trial
            )
        except OSError as error:
            raise CorruptRun(
                f"The networks of the batched run {sweep.id} cannot be read: {error}."
            ) from error

    # --- trials at work ------------------------------------------------------------------------------------

    async def _look(self, sweep: Sweep) -> None:
        await self._reopen(sweep)
        for trial in sweep.open_trials():
            if not trial.begun:
                await self._place(sweep, trial)
                continue
            summary = await self._summary(trial)
            curve = await self._read(sweep, trial, summary)
            await self.note(sweep, *_rung_facts(sweep, trial, curve, summary))
            await self._show(sweep, trial, summary, curve)

    async def _reopen(self, sweep: Sweep) -> None:
        """Trials that somebody resumed."""
        for run in self.registry.unsettled():
            if run.spec.sweep == sweep.id and (trial := sweep.trials.get(run.spec.trial)) and not trial.open:
                await self.note(sweep, {"kind": "reopened", "trial": trial.number})

    async def _summary(self, trial: Trial) -> RunSummary | None:
        try:
            return await self.registry.summary(trial.row.run)
        except RunNotFound:
            return None

    async def _read(self, sweep: Sweep, trial: Trial, summary: RunSummary | None) -> TrialCurve | None:
        """Where pruning or a metric of its own needs the whole curve."""
        if summary is None or not trial_result.needs_curve(sweep.spec):
            return None
        path = store.folder_of(self.registry.places, summary.id).events
        curve = self._curves.get(summary.id)
        if curve is None:
            curve = TrialCurve(path, sweep.spec.metric, sweep.largest, sweep.spec.prune)
            self._curves[summary.id] = curve
        try:
            while await self.off_loop(curve.read_on) and trial_result.is_over(summary):
                pass
        except CorruptRun as error:
            logging.warning("sweep %s: %s", sweep.id, error.message)
        return curve

    async def _show(
        self, sweep: Sweep, trial: Trial, summary: RunSummary | None, curve: TrialCurve | None
    ) -> None:
        row = trial_result.row_of(sweep, trial, summary, curve)
        if summary is not None and not trial_result.is_over(summary):
            sweep.show(trial, **{name: getattr(row, name) for name in trial_result.LIVE})
            return
        fact: Json = {name: getattr(row, name) for name in trial_result.LIVE}
        fact["metrics"] = {name: number_to_json(value) for name, value in row.metrics.items()}
        await self.note(sweep, {"kind": "told", "trial": trial.number, **fact, "status": str(row.status)})
        self._curves.pop(row.run, None)
        if trial.again and row.status is TrialStatus.PAUSED:
            await self.runs.resume(row.run)
        trial.again = False

    async def _obey(self, sweep: Sweep) -> None:
        """What a trial was ordered to do is said to its run until it does it."""
        await self._stop_lanes(sweep)
        for trial in sweep.open_trials():
            leaving = trial.row.status in (TrialStatus.PAUSING, TrialStatus.STOPPING)
            if not trial.order or not trial.begun or (leaving and trial.order != "stop"):
                continue
            try:
                if trial.order == "pause":
                    await self.runs.pause(trial.row.run)
                else:
                    await self.runs.stop(trial.row.run, trial.why if trial.order == "prune" else "")
            except (RunRefused, RunNotFound) as error:
                logging.info("sweep %s, trial %d: %s", sweep.id, trial.number, error.message)

    async def _stop_lanes(self, sweep: Sweep) -> None:
        """Said to the run of the batch while that trains; it knows each for good once it has heard it."""
        for batch, lane in sweep.stopped:
            run, key = sweep.trials.get(-batch), (sweep.id, batch, lane)
            is_due = time.monotonic() >= self._said.get(key, 0.0)
            if run is None or not is_due or run.row.status is not TrialStatus.RUNNING:
                continue
            self._said[key] = time.monotonic() + RETRY_SECONDS
            row = await self.lane(sweep, lane)
            if row is not None and row.status.is_settled:
                self._said[key] = math.inf
                continue
            try:
                await self.runs.set(run.row.run, "stop", lane - sweep.batches[batch].first + 1)
            except (RunRefused, RunNotFound) as error:
                logging.info("sweep %s, trial %d: %s", sweep.id, lane, error.message)

    # --- the sampler ---------------------------------------------------------------------------------------

    async def _teach(self, sweep: Sweep) -> None:
        """Tell TPE what came of a configuration once all its seeds are through."""
        if sweep.spec.sampler != "tpe":
            return
        for config in sweep.configs.values():
            if config.told or config.point is None or not trial_result.is_through(sweep, config):
                continue
            study = await self._study(sweep)
            await self.off_loop(study.tell, config, trial_result.result_of(sweep, config))
            await self.note(sweep, {"kind": "learned", "config": config.number})

    async def _study(self, sweep: Sweep) -> Tpe:
        study = self._studies.get(sweep.id)
        if study is None or study.widening != len(sweep.widenings) - 1:
            study = await self.off_loop(Tpe.open, sweep)
            self._studies[sweep.id] = study
        return study

    # --- new trials ----------------------------------------------------------------------------------------

    async def _ask(self, sweep: Sweep) -> None:
        room = self._parallel(sweep) - sum(trial.moves for trial in sweep.trials.values())
        for _ in range(AT_ONCE):
            if room <= 0 or time.monotonic() < sweep.not_before:
                return
            trial = await self._next(sweep)
            if trial is None:
                return
            if trial.open:
                await self._place(sweep, trial)
                room -= 1

    def _parallel(self, sweep: Sweep) -> int:
        if sweep.spec.parallel:
            return sweep.spec.parallel
        if sweep.spec.executor != "local":
            return AWAY
        share, gpus = sweep.spec.gpu_share, len(self.machine.gpus)
        if gpus and sweep.spec.device != "cpu":
            return max(1, gpus * int(1 / share + 1e-9))
        return max(1, self.machine.cores // trial_spec.threads_of(sweep.spec))

    async def _next(self, sweep: Sweep) -> Trial | None:
        """The next trial, in the journal, its run not made yet; one that was refused is closed."""
        for config, seed in sweep.gaps():
            return await self._enter(sweep, config, seed)
        found = await self._next_config(sweep)
        return None if found is None else await self._enter(sweep, found, sweep.spec.seeds[0])

    async def _next_config(self, sweep: Sweep) -> Config | None:
        number = sweep.next_config()
        if sweep.added:
            return Config(number, sweep.added[0], None)
        if sweep.exhausted or sweep.sampled >= sweep.budget():
            return None
        if sweep.spec.lanes:
            return Config(-sweep.sampled, {}, sweep.sampled)
        if sweep.spec.sampler == "tpe":
            study = await self._study(sweep)
            params = await self.off_loop(study.ask, number)
            return Config(number, params, sweep.sampled)
        found = self._sample(sweep)
        if found is None:
            await self.note(sweep, {"kind": "exhausted"})
            return None
        return Config(number, found[1], found[0])

    def _sample(self, sweep: Sweep) -> tuple[int, dict[str, Value]] | None:
        """The sampler's number and its choice."""
        if sweep.spec.sampler == "random":
            return self._draw(sweep)
        known, points = self._grids.get(sweep.id, (0, iter(())))
        if known != len(sweep.widenings):
            points = sampler.grid_from(sweep.widenings, sweep.sampled)
            self._grids[sweep.id] = (len(sweep.widenings), points)
        found = next(points, None)
        return None if found is None else (sweep.sampled, found)

    def _draw(self, sweep: Sweep) -> tuple[int, dict[str, Value]] | None:
        """Nothing twice: what is drawn again and again has been tried."""
        kinds = trial_spec.kinds(sweep.spec.experiment)
        first = max(
            (config.point for config in sweep.configs.values() if config.point is not None), default=-1
        )
        for number in range(first + 1, first + 1 + DRAWS):
            chosen = drawn(sweep.spec.axes, kinds, sweep.spec.seed, number)
            if all(config.params != chosen for config in sweep.configs.values()):
                return number, chosen
        return None

    async def _enter(self, sweep: Sweep, config: Config, seed: int) -> Trial:
        number, now = sweep.next_trial() if config.number > 0 else config.number, round(time.time(), 3)
        experiment = sweep.spec.experiment if number > 0 else batch_run.EXPERIMENT
        fact: Json = {
            "kind": "asked", "trial": number, "config": config.number, "params": config.params, "seed": seed,
            "point": config.point, "created_at": now,
            "run": store.new_id(experiment, now),
        }  # fmt: skip
        facts = [fact]
        try:
            if number > 0:
                trial_spec.check(sweep.spec, config.params)
        except ParamError as error:
            facts.append({"kind": "refused", "trial": number, "cause": error.message})
        await self.note(sweep, *facts)
        return sweep.trials[number]

    async def _place(self, sweep: Sweep, trial: Trial) -> None:
        """Make its run; the same trial twice is one run. What goes wrong is tried again later."""
        if sweep.damage and not store.folder_of(self.registry.places, trial.row.run).spec.exists():
            return  # it may have been trained and removed: the line that said so may be the damaged one
        try:
            batch = None if trial.number > 0 else sweep.batches[-trial.number]
            make = trial_spec.made if batch is None else functools.partial(batch_run.made, batch)
            await self.runs.submit_spec(make(sweep.spec, trial.row, trial.created_at))
            await self.note(sweep, {"kind": "begun", "trial": trial.number})
            sweep.trouble = ""
        except DltuiError as error:
            sweep.trouble, sweep.dirty = error.message, True
            sweep.not_before = time.monotonic() + RETRY_SECONDS
            logging.warning("sweep %s, trial %d: %s", sweep.id, trial.number, error.message)


def _batches(sweep: Sweep) -> list[tuple[SweepBatch, TrialRow]]:
    """Those that were begun, each with the row of its run."""
    rows = ((batch, sweep.trials.get(-batch.number)) for batch in sweep.batches)
    return [(batch, trial.row) for batch, trial in rows if trial is not None]


def _rung_facts(
    sweep: Sweep, trial: Trial, curve: TrialCurve | None, summary: RunSummary | None
) -> list[Json]:
    """Judge the trial at the rungs it came to since."""
    facts: list[Json] = []
    for rung, (step, value) in sorted(curve.rungs.items()) if curve else ():
        if rung in trial.rungs:
            continue
        before = [known for _, known in sweep.rungs.get(rung, ())]
        spared = trial.row.pinned or trial.order or summary is None or trial_result.is_over(summary)
        kept = spared or pruner.keeps(sweep.spec.prune, value, before, sweep.largest)
        why = "" if kept else pruner.why(sweep.spec.prune, value, before, step)
        facts.append(
            {"kind": "rung", "trial": trial.number, "rung": rung, "step": step,
             "value": number_to_json(value), "why": why}
        )  # fmt: skip
        if why:
            break
    return facts
