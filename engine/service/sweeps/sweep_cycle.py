"""One cycle of a sweep: update its trials, prune, report to the sampler, submit the next trials."""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from engine import store
from engine.errors import CorruptRun, DltuiError, ParamError, RunNotFound, RunRefused
from engine.protocol import Json, RunSummary, Status
from engine.service.placement.machine_monitor import MachineMonitor
from engine.service.runs.run_registry import RunRegistry
from engine.service.runs.runs import Runs
from engine.service.sweeps import batch_spec, journal, pruner, trial_result, trial_spec
from engine.service.sweeps.batch_spec import SweepBatch
from engine.service.sweeps.sampler import Samplers
from engine.service.sweeps.sweep import Config, Sweep, Trial
from engine.service.sweeps.trial_result import TrialCurve
from engine.sweep_protocol import SweepStatus, TrialRow, TrialStatus
from engine.typed_json import to_json

T = TypeVar("T")
P = ParamSpec("P")
RETRY_SECONDS = 5.0
BATCH_SECONDS = 1.0
REMOTE_PARALLEL = 16
"""parallel trials on a cluster if the sweep sets no number: the cluster queues those that do not fit"""
TRIALS_PER_CYCLE = 64
"""trials submitted in one cycle, so that other sweeps are not delayed"""


@dataclass(slots=True)
class SweepCycle:
    registry: RunRegistry
    runs: Runs
    machine: MachineMonitor
    executors: Collection[str] = ("local",)
    thread_pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="sweeps")
    )
    """one thread for disk access and Optuna, which would block the event loop"""
    samplers: Samplers = field(init=False)
    _curves: dict[str, TrialCurve] = field(default_factory=dict)
    _batches_read_at: dict[str, float] = field(default_factory=dict)
    _stop_again_at: dict[tuple[str, int, int], float] = field(default_factory=dict)
    """(sweep, batch, lane): monotonic time at which its stop command is sent again"""

    def __post_init__(self) -> None:
        self.samplers = Samplers(self.thread_pool)

    async def run_once(self, sweep: Sweep) -> None:
        await self._update_trials(sweep)
        if sweep.spec.lanes:
            await self.read_batches(sweep)
        await self._stop_without_metric(sweep)
        await self._send_commands(sweep)
        await self._tell_sampler(sweep)
        if sweep.wanted is SweepStatus.RUNNING and time.monotonic() >= sweep.retry_at:
            await self._submit_trials(sweep)

    async def _stop_without_metric(self, sweep: Sweep) -> None:
        """Stop a sweep whose metric is not declared by its experiment and not logged by its first trial."""
        if sweep.wanted is not SweepStatus.RUNNING or sweep.spec.lanes:
            return
        if sweep.spec.metric in trial_spec.declared_metrics(sweep.spec):
            return
        why = sweep.missing_metric()
        if why:
            held = [trial.number for trial in sweep.open_trials()]
            await self.record(sweep, {"kind": "blind", "why": why, "held": held})

    async def record(self, sweep: Sweep, *entries: Json) -> None:
        """Append entries to the journal, then apply them to the sweep in memory. Raises DltuiError."""
        if not entries:
            return
        try:
            await self.to_thread(journal.append, sweep.folder.journal, list(entries))
        except OSError as error:
            raise DltuiError(
                f"{sweep.folder.journal} cannot be written: {error.strerror or error}."
            ) from error
        for entry in entries:
            sweep.fold({"at": round(time.time(), 3), **entry})

    async def to_thread(self, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.thread_pool, lambda: do(*args, **kwargs))

    async def read_batches(self, sweep: Sweep) -> None:
        """Read the state of the lanes of all batches, once a second while they train."""
        batches = _started_batches(sweep)
        is_open = any(sweep.trials[-batch.number].is_open for batch, _ in batches)
        if not batches or (sweep.batch and not is_open and self._batches_read_at.get(sweep.id) == -math.inf):
            return
        if time.monotonic() - self._batches_read_at.get(sweep.id, 0.0) < BATCH_SECONDS and is_open:
            return
        from engine.service.sweeps import batch_trials  # it imports NumPy, which most services do not need

        self._batches_read_at[sweep.id] = time.monotonic() if is_open else -math.inf
        try:
            found = await self.to_thread(batch_trials.summarize, self.registry.places, sweep.spec, batches)
        except (CorruptRun, OSError) as error:
            logging.warning("sweep %s: %s", sweep.id, error)
            return
        if found != sweep.batch:
            sweep.batch, sweep.dirty = found, True

    async def rows(self, sweep: Sweep) -> list[TrialRow]:
        """Rows of all trials, including the lanes of batches. Raises CorruptRun."""
        own = [trial.row for trial in sweep.trials.values() if trial.number > 0 or not sweep.spec.lanes]
        if not _started_batches(sweep):
            return own
        from engine.service.sweeps import batch_trials  # as above

        return await self._read_lanes(sweep, batch_trials.rows, frozenset(sweep.pinned)) + own

    async def lane_row(self, sweep: Sweep, trial: int) -> TrialRow | None:
        """The row of a lane; None while its batch has written no files. Raises CorruptRun."""
        from engine.service.sweeps import batch_trials  # as above

        return await self._read_lanes(sweep, batch_trials.row, trial)

    async def _read_lanes(self, sweep: Sweep, read: Callable[..., T], which: object) -> T:
        batches = _started_batches(sweep)
        try:
            return await self.to_thread(read, self.registry.places, sweep.spec, batches, which)
        except OSError as error:
            raise CorruptRun(
                f"The networks of the batched run {sweep.id} cannot be read: {error}."
            ) from error

    # --- running trials ------------------------------------------------------------------------------------

    async def _update_trials(self, sweep: Sweep) -> None:
        await self._reopen(sweep)
        for trial in sweep.open_trials():
            if not trial.is_submitted:
                await self._create_run(sweep, trial)
                continue
            summary = await self._summary(trial)
            curve = await self._read_curve(sweep, trial, summary)
            await self.record(sweep, *_rung_entries(sweep, trial, curve, summary))
            await self._update_row(sweep, trial, summary, curve)

    async def _reopen(self, sweep: Sweep) -> None:
        """Open trials again whose runs were resumed."""
        for run in self.registry.unsettled():
            if (
                run.spec.sweep == sweep.id
                and (trial := sweep.trials.get(run.spec.trial))
                and not trial.is_open
            ):
                await self.record(sweep, {"kind": "reopened", "trial": trial.number})

    async def _summary(self, trial: Trial) -> RunSummary | None:
        try:
            return await self.registry.summary(trial.row.run)
        except RunNotFound:
            return None

    async def _read_curve(self, sweep: Sweep, trial: Trial, summary: RunSummary | None) -> TrialCurve | None:
        """The curve of the trial where pruning or the metric needs it, else None."""
        if summary is None or not trial_result.needs_curve(sweep.spec):
            return None
        path = store.folder_of(self.registry.places, summary.id).events
        curve, total = self._curves.get(summary.id), _steps_of_a_trial(sweep, summary)
        if curve is None or curve.total != total:
            curve = TrialCurve(path, sweep.goal, sweep.spec.prune, total)
            self._curves[summary.id] = curve
        try:
            while await self.to_thread(curve.read_more) and trial_result.is_over(summary):
                pass
        except CorruptRun as error:
            logging.warning("sweep %s: %s", sweep.id, error.message)
        return curve

    async def _update_row(
        self, sweep: Sweep, trial: Trial, summary: RunSummary | None, curve: TrialCurve | None
    ) -> None:
        row = trial_result.make_row(sweep, trial, summary, curve)
        if summary is not None and not trial_result.is_over(summary):
            sweep.update_row(trial, **{name: getattr(row, name) for name in trial_result.RUN_FIELDS})
            return
        facts = {name: getattr(row, name) for name in trial_result.RUN_FIELDS}
        await self.record(sweep, to_json({"kind": "told", "trial": trial.number, **facts}))
        self._curves.pop(row.run, None)
        if trial.resume_when_paused and row.status is TrialStatus.PAUSED:
            await self.runs.resume(row.run, code="kept")
        trial.resume_when_paused = False

    async def _send_commands(self, sweep: Sweep) -> None:
        """Send pending pause and stop commands to the runs of trials until they follow them."""
        await self._stop_lanes(sweep)
        for trial in sweep.open_trials():
            leaving = trial.row.status in (TrialStatus.PAUSING, TrialStatus.STOPPING)
            if (
                not trial.pending_command
                or not trial.is_submitted
                or (leaving and trial.pending_command != "stop")
            ):
                continue
            try:
                if trial.pending_command == "pause":
                    await self.runs.pause(trial.row.run)
                else:
                    await self.runs.stop(trial.row.run, trial.why if trial.pending_command == "prune" else "")
            except (RunRefused, RunNotFound) as error:
                logging.info("sweep %s, trial %d: %s", sweep.id, trial.number, error.message)

    async def _stop_lanes(self, sweep: Sweep) -> None:
        """Send the numbers of stopped lanes to the run of their batch until they are stopped."""
        for batch, lane in sweep.stopped:
            run, key = sweep.trials.get(-batch), (sweep.id, batch, lane)
            is_due = time.monotonic() >= self._stop_again_at.get(key, 0.0)
            if run is None or not is_due or run.row.status is not TrialStatus.RUNNING:
                continue
            self._stop_again_at[key] = time.monotonic() + RETRY_SECONDS
            row = await self.lane_row(sweep, lane)
            if row is not None and row.status.is_settled:
                self._stop_again_at[key] = math.inf
                continue
            try:
                await self.runs.set(run.row.run, "stop", lane - sweep.batches[batch].first + 1)
            except (RunRefused, RunNotFound) as error:
                logging.info("sweep %s, trial %d: %s", sweep.id, lane, error.message)

    # --- the sampler ---------------------------------------------------------------------------------------

    async def _tell_sampler(self, sweep: Sweep) -> None:
        """Report the result of a configuration to TPE once all its seeds have ended."""
        if sweep.spec.sampler != "tpe":
            return
        for config in sweep.configs.values():
            if config.told or config.point is None or not trial_result.has_ended(sweep, config):
                continue
            await self.samplers.tell(sweep, config)
            await self.record(sweep, {"kind": "learned", "config": config.number})

    # --- new trials ----------------------------------------------------------------------------------------

    async def _submit_trials(self, sweep: Sweep) -> None:
        free = self._parallel_limit(sweep) - sum(trial.is_active for trial in sweep.trials.values())
        for _ in range(TRIALS_PER_CYCLE):
            if free <= 0 or time.monotonic() < sweep.retry_at:
                return
            trial = await self._next_trial(sweep)
            if trial is None:
                return
            if trial.is_open:
                await self._create_run(sweep, trial)
                free -= 1

    def _parallel_limit(self, sweep: Sweep) -> int:
        if sweep.spec.parallel:
            return sweep.spec.parallel
        if sweep.spec.executor != "local":
            return REMOTE_PARALLEL
        share, gpus = sweep.spec.gpu_share, len(self.machine.gpus)
        if gpus and sweep.spec.device != "cpu":
            return max(1, gpus * int(1 / share + 1e-9))
        return max(1, self.machine.cores // trial_spec.threads_of(sweep.spec))

    async def _next_trial(self, sweep: Sweep) -> Trial | None:
        """Record the next trial in the journal; its run is not created yet. A refused trial is not open."""
        for config, seed in sweep.missing_seeds():
            return await self._record_trial(sweep, config, seed)
        found = await self._next_config(sweep)
        return None if found is None else await self._record_trial(sweep, found, sweep.spec.seeds[0])

    async def _next_config(self, sweep: Sweep) -> Config | None:
        number = sweep.next_config()
        if sweep.added:
            return Config(number, sweep.added[0], None)
        if sweep.exhausted or sweep.sampled >= sweep.budget():
            return None
        if sweep.spec.lanes:
            return Config(-sweep.sampled, {}, sweep.sampled)
        found = await self.samplers.next_point(sweep, number)
        if found is None:
            await self.record(sweep, {"kind": "exhausted"})
            return None
        return Config(number, found[1], found[0])

    async def _record_trial(self, sweep: Sweep, config: Config, seed: int) -> Trial:
        number, now = sweep.next_trial() if config.number > 0 else config.number, round(time.time(), 3)
        experiment = sweep.spec.experiment if number > 0 else batch_spec.EXPERIMENT
        entry: Json = {
            "kind": "asked", "trial": number, "config": config.number, "params": config.params, "seed": seed,
            "point": config.point, "created_at": now,
            "run": store.new_id(experiment, now),
        }  # fmt: skip
        entries = [entry]
        try:
            if number > 0:
                trial_spec.build_params(sweep.spec, config.params)
        except ParamError as error:
            entries.append({"kind": "refused", "trial": number, "cause": error.message})
        await self.record(sweep, *entries)
        return sweep.trials[number]

    async def _create_run(self, sweep: Sweep, trial: Trial) -> None:
        """Create the run of a trial; doing so twice gives one run. Errors are retried later."""
        if sweep.damage and not store.folder_of(self.registry.places, trial.row.run).spec.exists():
            return  # it may have been trained and removed: the damaged line may be the one that recorded it
        try:
            batch = None if trial.number > 0 else sweep.batches[-trial.number]
            make = trial_spec.make_spec if batch is None else functools.partial(batch_spec.make_spec, batch)
            await self.runs.submit_spec(make(sweep.spec, trial.row, trial.created_at))
            await self.record(sweep, {"kind": "begun", "trial": trial.number})
            sweep.error = ""
        except DltuiError as error:
            sweep.error, sweep.dirty = error.message, True
            sweep.retry_at = time.monotonic() + RETRY_SECONDS
            logging.warning("sweep %s, trial %d: %s", sweep.id, trial.number, error.message)


def _started_batches(sweep: Sweep) -> list[tuple[SweepBatch, TrialRow]]:
    """The batches that were started, each with the row of its run."""
    rows = ((batch, sweep.trials.get(-batch.number)) for batch in sweep.batches)
    return [(batch, trial.row) for batch, trial in rows if trial is not None]


def _steps_of_a_trial(sweep: Sweep, summary: RunSummary) -> int:
    """Of a command that does not tell them: those of the first trial that finished; 0: not known."""
    if sweep.spec.command is None or sweep.spec.command.steps or sweep.spec.prune.kind == "none":
        return 0
    return sweep.finished_steps or (summary.step if summary.status is Status.DONE else 0)


def _rung_entries(
    sweep: Sweep, trial: Trial, curve: TrialCurve | None, summary: RunSummary | None
) -> list[Json]:
    """Journal entries for the rungs that the trial has newly reached, and whether it is pruned there."""
    entries: list[Json] = []
    for rung, (step, value) in sorted(curve.rungs.items()) if curve else ():
        if rung in trial.rungs:
            continue
        before = [known for _, known in sweep.rungs.get(rung, ())]
        spared = trial.row.pinned or trial.pending_command or summary is None or trial_result.is_over(summary)
        kept = spared or pruner.keeps(sweep.spec.prune, value, before, sweep.goal.largest)
        why = "" if kept else pruner.reason(sweep.spec.prune, value, before, step)
        facts = {"trial": trial.number, "rung": rung, "step": step, "value": value, "why": why}
        entries.append({"kind": "rung", **to_json(facts)})
        if why:
            break
    return entries
