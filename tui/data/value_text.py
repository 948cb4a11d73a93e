"""Runs, durations, parameters and numbers as text."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine import params
from engine.errors import UnknownExperiment
from engine.filter_fields import RunField
from engine.params import Value
from engine.protocol import CauseKind, CheckpointFacts, Json, MediaFacts, RunSummary, summary_to_json
from tui.terminal.plain_text import plain
from tui.ui.numbers import short, size

if TYPE_CHECKING:
    from engine.catalog import Experiment

DEFAULT_SEED = 1


def short_number(value: float) -> str:
    return f"{value:.4g}"


def duration_text(seconds: float) -> str:
    """45s, 3m20s, 2h05m, 4d; what is shorter than a second is 1s."""
    whole = max(1, round(seconds)) if seconds > 0 else 0
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d"


def field_text(run: RunSummary, field: RunField) -> str:
    """The field of a run in its unit; empty where it is 0, empty or unknown."""
    value = getattr(run if hasattr(run, field.name) else run.spec, field.name)
    if not value:
        return ""
    if isinstance(value, str):
        return plain(value, limit=40)
    return _IN_UNIT.get(field.unit, short)(value)


_IN_UNIT: dict[str, Callable[[Any], str]] = {
    "bytes": size,
    "seconds": duration_text,
    "percent": lambda value: f"{value:.0f} %",
    "per second": lambda value: short(float(f"{value:.2g}")),
}


def plural(count: int, thing: str) -> str:
    """1 checkpoint, 2 checkpoints."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def damaged_events(count: int, run: str) -> str:
    """A warning about damaged lines in the events of a run."""
    return f"{plural(count, 'damaged line')} of its events left out. Which: dltui verify {run}"


def name_and_id(run: RunSummary) -> str:
    """Name and id; only the id of a run without a name."""
    return f"{run.spec.name} ({run.id})" if run.spec.name else run.id


def age_text(run: RunSummary) -> str:
    return duration_text(time.time() - run.spec.created_at)


def data_text(run: RunSummary) -> str:
    """The data set and the start of its SHA-256; empty until the run has reported them."""
    return f"{run.data_title} ({run.data_fingerprint[:12]})" if run.data_fingerprint else ""


def data_folder_text(run: RunSummary) -> str:
    """The data folder of a run; empty for experiments without data and for runs of older versions."""
    from engine import catalog  # not imported before the first screen

    try:
        reads_data = catalog.of(run.spec).reads_data
    except UnknownExperiment:
        reads_data = bool(run.data_fingerprint)
    return (run.spec.data or "none named") if reads_data and run.spec.data is not None else ""


def data_line(experiment: Experiment, folder: str) -> str:
    """The data folder for a form; empty for experiments without data."""
    name_and_id = folder or "no folder named (DLTUI_DATA): downloaded, or the bundled substitute"
    gone = " is no folder any more: a run that needs it fails" if folder and not os.path.isdir(folder) else ""
    return f"data: {name_and_id}{gone}" if experiment.reads_data else ""


def different_data_warning(runs: Sequence[RunSummary]) -> str:
    """A warning about runs that were trained on different data, else empty."""
    differ = len({run.data_fingerprint for run in runs if run.data_fingerprint}) > 1
    return "Trained on different data: their numbers cannot be compared." if differ else ""


def changed_params(run: RunSummary) -> dict[str, Value]:
    """The parameters that differ from the experiment's defaults."""
    from engine import catalog  # not imported before the first screen

    if run.spec.command is not None:
        return dict(run.spec.params)
    try:
        experiment = catalog.of(run.spec)
    except UnknownExperiment:
        return dict(run.spec.params)
    return params.differing(experiment.params, run.spec.params)


def distinguishing_params(run: RunSummary, *, with_seed: bool = False) -> dict[str, Value]:
    """Its seed, unless that is the default, and the parameters that differ from their defaults."""
    seed: dict[str, Value] = {"seed": run.spec.seed} if with_seed or run.spec.seed != DEFAULT_SEED else {}
    return {**seed, **changed_params(run)}


def child_text(run: RunSummary) -> str:
    """Which checkpoint it began with: child of a1b2@400; empty for a run with weights of its own."""
    return f"child of {run.spec.parent.short}" if run.spec.parent else ""


def best_text(run: RunSummary, checkpoint: CheckpointFacts) -> str:
    """The value of the best checkpoint, such as val_accuracy=0.98; empty for any other."""
    name = f"{run.best.metric}=" if run.best else ""
    return "" if checkpoint.best is None else f"{name}{short_number(checkpoint.best)}"


def status_text(run: RunSummary) -> str:
    """The status; `pruned` for what a sweep stopped early."""
    is_pruned = run.cause is not None and run.cause.kind is CauseKind.PRUNED
    return str(CauseKind.PRUNED if is_pruned else run.status)


def format_params(values: Mapping[str, object]) -> str:
    """name=value, rounded for display; see `exact_settings`."""
    return " ".join(f"{name}={format_value(name, value)}" for name, value in values.items())


def exact_settings(values: Mapping[str, object]) -> list[str]:
    """name=value for each, not rounded: to be typed again."""
    return [f"{name}={format_exact(name, value)}" for name, value in values.items()]


def format_exact(name: str, value: object) -> str:
    """The value of a parameter, not rounded."""
    if isinstance(value, float) and float(f"{value:g}") != value:
        return repr(value)
    return format_value(name, value)


def effective_params(run: RunSummary) -> dict[str, Value]:
    """All parameters as text; of a value that is not set, the one in effect: auto (0.01)."""
    from engine import catalog

    return catalog.display_resolved_values(catalog.known(run.spec), run.spec.params)


def short_value(value: object) -> str:
    """A value as text in a table; empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return short(float(value)) if isinstance(value, int | float) else plain(str(value), limit=60)


def format_value(name: str, value: object) -> str:
    """The value of a parameter for display."""
    if value is None:
        from engine import catalog

        return catalog.none_word(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if 1e6 <= abs(value) < 1e15 and value == int(value) else f"{value:g}"
    return str(value)


def media_text(found: MediaFacts) -> str:
    """kernel: 8, the last at step 400"""
    return f"{found.tag}: {found.count:,}, the last at step {found.step:,}"


def progress_text(run: RunSummary) -> str:
    if not run.total_steps:
        return str(run.step)
    return f"{run.step}/{run.total_steps} {min(100, 100 * run.step / run.total_steps):.0f}%"


def reason_text(run: RunSummary) -> str:
    """Why a run waits, or why it ended."""
    return run.cause.text if run.cause is not None else str(getattr(run.state, "why", ""))


def remarks(run: RunSummary) -> list[str]:
    """Damage of its files, notice about its data, its own latest notice; those that are not empty."""
    return [text for text in (run.damage, run.data_notice, run.notice) if text]


def cause_text(run: RunSummary) -> str:
    """The last column of a table: damage first, then the reason, then notices while it trains."""
    found = [run.damage, reason_text(run)] if run.cause is not None else [reason_text(run), *remarks(run)]
    return "; ".join(filter(None, found))


def unique_labels(runs: Sequence[RunSummary]) -> list[str]:
    """A short name for each run; equal names get the end of the id."""
    names = [run.spec.name or run.id for run in runs]
    return [
        name if names.count(name) == 1 else f"{name} {run.id[-4:]}"
        for name, run in zip(names, runs, strict=True)
    ]  # fmt: skip


def seed_text(run: RunSummary, runs: Iterable[RunSummary]) -> str:
    """seed=2, where another run of its experiment among `runs` has another seed; else nothing."""
    spec = run.spec
    differs = any(one.spec.experiment == spec.experiment and one.spec.seed != spec.seed for one in runs)
    return f"seed={spec.seed}" if differs else ""


def run_json(run: RunSummary) -> Json:
    """The run as JSON, without the token, which is internal to client and service."""
    data = summary_to_json(run)
    data.pop("token", None)
    return data


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
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
