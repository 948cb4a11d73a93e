"""How runs, times and numbers are said in a shell."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine import params
from engine.errors import UnknownExperiment
from engine.params import Value
from engine.protocol import CauseKind, Json, RunSummary, summary_to_json

if TYPE_CHECKING:
    from engine.catalog import Experiment

DEFAULT_SEED = 1


def short_number(value: float) -> str:
    return f"{value:.4g}"


def span(seconds: float) -> str:
    """45s, 3m20s, 2h05m, 4d."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d"


def counted(count: int, thing: str) -> str:
    """1 checkpoint, 2 checkpoints."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def damaged_events(count: int, run: str) -> str:
    """What is said where lines of a run's events were left out."""
    return f"{counted(count, 'damaged line')} of its events left out. Which: dltui verify {run}"


def named(run: RunSummary) -> str:
    """Its name, and its id where that is not the same."""
    return f"{run.spec.name} ({run.id})" if run.spec.name else run.id


def age(run: RunSummary) -> str:
    return span(time.time() - run.spec.created_at)


def data_words(run: RunSummary) -> str:
    """What it was trained on, with the start of the SHA-256 of that; empty while it has not said so."""
    return f"{run.data_title} ({run.data_fingerprint[:12]})" if run.data_fingerprint else ""


def folder_words(run: RunSummary) -> str:
    """The folder of data sets that was named for it; empty for what reads none, and for a run of before."""
    from engine import catalog  # the app's first screen does not wait for it

    try:
        reads_data = catalog.find(run.spec.experiment).reads_data
    except UnknownExperiment:
        reads_data = bool(run.data_fingerprint)
    return (run.spec.data or "none named") if reads_data and run.spec.data is not None else ""


def data_line(experiment: Experiment, folder: str) -> str:
    """The folder of data sets for a form; empty for an experiment that reads none."""
    named = folder or "no folder named (DLTUI_DATA): downloaded, or the bundled substitute"
    gone = " is no folder any more: a run that needs it fails" if folder and not os.path.isdir(folder) else ""
    return f"data: {named}{gone}" if experiment.reads_data else ""


def other_data(runs: Sequence[RunSummary]) -> str:
    """What is to be said beside runs that were trained on different data; empty where they were not."""
    differ = len({run.data_fingerprint for run in runs if run.data_fingerprint}) > 1
    return "Trained on different data: their numbers cannot be compared." if differ else ""


def changed_params(run: RunSummary) -> dict[str, Value]:
    """The parameters that differ from the experiment's defaults."""
    from engine import catalog  # the app's first screen does not wait for it

    try:
        experiment = catalog.find(run.spec.experiment)
    except UnknownExperiment:
        return dict(run.spec.params)
    return params.differing(experiment.params, run.spec.params)


def told_params(run: RunSummary, *, tell_seed: bool = False) -> dict[str, Value]:
    """What tells a run from others of its experiment: its seed, unless it is the default, and what differs
    from the defaults."""
    seed: dict[str, Value] = {"seed": run.spec.seed} if tell_seed or run.spec.seed != DEFAULT_SEED else {}
    return {**seed, **changed_params(run)}


def status_word(run: RunSummary) -> str:
    """The status; `pruned` for what a sweep stopped early."""
    is_pruned = run.cause is not None and run.cause.kind is CauseKind.PRUNED
    return str(CauseKind.PRUNED if is_pruned else run.status)


def pairs(values: Mapping[str, object]) -> str:
    """name=value, as a person reads it; `exact_pairs` is for what is typed again."""
    return " ".join(f"{name}={value_of(name, value)}" for name, value in values.items())


def exact_pairs(values: Mapping[str, object]) -> list[str]:
    """name=value for each, nothing rounded."""
    return [f"{name}={exact(name, value)}" for name, value in values.items()]


def exact(name: str, value: object) -> str:
    """The value of a parameter as one would type it."""
    if isinstance(value, float) and float(f"{value:g}") != value:
        return repr(value)
    return value_of(name, value)


def settled_params(run: RunSummary) -> dict[str, Value]:
    """All of them, and what each that is not given has come to: auto (0.01)."""
    from engine import catalog

    return catalog.display_resolved_values(run.spec.experiment, run.spec.params)


def value_of(name: str, value: object) -> str:
    """The value of a parameter, to be read."""
    if value is None:
        from engine import catalog

        return catalog.none_word(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if 1e6 <= abs(value) < 1e15 and value == int(value) else f"{value:g}"
    return str(value)


def progress(run: RunSummary) -> str:
    if not run.total_steps:
        return str(run.step)
    return f"{run.step}/{run.total_steps} {100 * run.step / run.total_steps:.0f}%"


def why(run: RunSummary) -> str:
    """Why it waits, or why it ended."""
    return run.cause.text if run.cause is not None else str(getattr(run.state, "why", ""))


def remarks(run: RunSummary) -> list[str]:
    """What has to be known of it: which of its files are damaged, of its data, and the latest of itself."""
    return [words for words in (run.damage, run.data_notice, run.notice) if words]


def row_words(run: RunSummary) -> str:
    """For the last column of a table: damage before all else, notices while it trains."""
    found = [run.damage, why(run)] if run.cause is not None else [why(run), *remarks(run)]
    return "; ".join(filter(None, found))


def labels(runs: Sequence[RunSummary]) -> list[str]:
    """A short name for each run; those that are called alike are told apart by the end of their ids."""
    names = [run.spec.name or run.id for run in runs]
    return [
        name if names.count(name) == 1 else f"{name} {run.id[-4:]}"
        for name, run in zip(names, runs, strict=True)
    ]  # fmt: skip


def seed_words(run: RunSummary, runs: Iterable[RunSummary]) -> str:
    """seed=2, where another run of its experiment among `runs` has another seed; else nothing."""
    spec = run.spec
    differs = any(one.spec.experiment == spec.experiment and one.spec.seed != spec.seed for one in runs)
    return f"seed={spec.seed}" if differs else ""


def run_json(run: RunSummary) -> Json:
    """For another program; `token` is between client and service alone."""
    told = summary_to_json(run)
    told.pop("token", None)
    return told


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows of text as aligned lines; the last column is not padded."""
    from rich.cells import cell_len, set_cell_size

    table = [list(row) for row in rows]
    if not table:
        return []
    widths = [max(cell_len(row[i]) for row in table) for i in range(len(table[0]))]
    return [
        "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
