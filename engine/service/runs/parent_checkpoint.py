"""The checkpoint that a new run begins with: `RUN@STEP` or `RUN@best`, found and checked at submission."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from checkpoints import folder as checkpoint_folder
from checkpoints.errors import CheckpointError, DamagedCheckpoint
from engine import params, served_checkpoint
from engine.best_checkpoint import best_saved
from engine.errors import InputError, ParamError
from engine.metric_goal import goal_of
from engine.params import Value
from engine.protocol import ParentCheckpoint, RunSummary, Status
from engine.store import RunFolder

BEST = "best"
EXPECTED = "expected RUN@STEP or RUN@best"


def split(text: str) -> tuple[str, str]:
    """The run and the step in `RUN@STEP`, as given. Raises InputError."""
    run, _, step = text.rpartition("@")
    if not run or not (step == BEST or (step.isascii() and step.isdigit() and len(step) <= 12)):
        raise InputError(f"begin: {EXPECTED}, got {text[:80]!r}.", "dltui show RUN lists the steps kept.")
    return run, step


def choose(folder: RunFolder, run: RunSummary, step: str) -> ParentCheckpoint:
    """The checkpoint of `run` that `step` names: a number, or best. Raises InputError naming those kept."""
    kept = checkpoint_folder.steps(folder.checkpoints)
    name = run.spec.name or run.id
    if not kept:
        raise InputError(f"begin: {name} has no checkpoint.", "Begin with a run that has saved one.")
    chosen = _best_step(folder, run) if step == BEST else int(step)
    if chosen is None:
        metric = goal_of(run.spec).metric
        raise InputError(
            f"begin: no checkpoint of {name} was saved with a value of {metric}.", f"Kept: {_listed(kept)}."
        )
    if chosen not in kept:
        raise InputError(f"begin: step {chosen} of {name} is not kept.", f"Kept: {_listed(kept)}.")
    return ParentCheckpoint(run.id, chosen, run.spec.seed)


def _best_step(folder: RunFolder, run: RunSummary) -> int | None:
    after = run.spec.parent.step if run.spec.parent else -1
    found = best_saved(folder.checkpoints, goal_of(run.spec), after=after)
    if found is not None:
        return found.step
    served = served_checkpoint.served_step(folder.checkpoints)  # of a run of an earlier version
    return served.step if served is not None and served.is_best else None


def _listed(steps: list[int]) -> str:
    return ", ".join(f"{step}" for step in steps)


def check_experiment(parent: RunSummary, experiment: str) -> None:
    """Raises InputError unless the parent is a readable run of that experiment."""
    name = parent.spec.name or parent.id
    if parent.status is Status.DAMAGED:
        raise InputError(f"begin: {name} cannot be read.", f"dltui verify {parent.id} says why.")
    if parent.spec.experiment != experiment:
        raise InputError(
            f"begin: {name} is a run of {parent.spec.experiment}, expected one of {experiment}.",
            "The checkpoint of another experiment does not fit.",
        )


def check_params(
    kind: type[params.ParamSet], values: Mapping[str, Value], parent: RunSummary, checkpoint: ParentCheckpoint
) -> None:
    """Raises ParamError where a run of these values cannot begin with the checkpoint, as far as they tell."""
    theirs = parent.spec.params
    for param in params.declared(kind):
        own = values.get(param.name)
        if param.name in shaping(kind) and own != theirs.get(param.name, own):
            text = params.format_value(param, theirs[param.name])
            raise ParamError(
                f"{param.name}: expected {text}, which shapes the checkpoint {checkpoint.short}, got "
                f"{params.format_value(param, own)}.",
                f"Give it the same: --set {param.name}={text}",
            )
    if 0 < parent.total_steps <= checkpoint.step and _is_as_long(values, theirs, kind):
        raise ParamError(
            f"begin: {checkpoint.short} is the end of a run with the same parameters: nothing is left to "
            "train.",
            "Set more epochs or steps, or begin at an earlier step.",
        )


def shaping(kind: type[params.ParamSet]) -> tuple[str, ...]:
    """The parameters that have to equal those of the parent; those of a file are not known."""
    names: tuple[str, ...] = getattr(kind, "SHAPING", ())
    return names


def _is_as_long(own: Mapping[str, Value], theirs: Mapping[str, Value], kind: type[params.ParamSet]) -> bool:
    """Whether all parameters are equal that may decide the number of steps: those that are not live."""
    fixed = [param.name for param in params.declared(kind) if not param.live]
    return all(own.get(name) == theirs.get(name) for name in fixed)


def adder(folder: RunFolder, checkpoint: ParentCheckpoint) -> Callable[[Path], None]:
    """A function that adds the checkpoint to a new run folder: hard links, verified.

    The new run then needs its parent no more. It raises InputError where the checkpoint was removed meanwhile
    or is damaged, and OSError.
    """
    source = folder.checkpoints / checkpoint_folder.name_of(checkpoint.step)

    def add(run: Path) -> None:
        try:
            checkpoint_folder.link(source, RunFolder(run).checkpoints)
        except DamagedCheckpoint as damage:
            kept = [step for step in _steps(folder) if step != checkpoint.step]
            fault = damage.fault if source.exists() else "it was removed meanwhile"
            others = f"Others are kept: {_listed(kept)}." if kept else f"dltui verify {checkpoint.run}"
            raise InputError(f"begin: {checkpoint.short} cannot be used: {fault}.", others) from damage

    return add


def _steps(folder: RunFolder) -> list[int]:
    try:
        return checkpoint_folder.steps(folder.checkpoints)
    except CheckpointError:
        return []
