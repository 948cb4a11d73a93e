"""XOR: the course's nine experiments on learning rate, hidden units and bypass.

Claim: that of `xor_grid` in the catalog, for up to 40,000 epochs per network.

A network succeeds once its validation loss is below 0.2 and has not improved by 1e-4 for ten epochs. A
setting is complete after ten successes or fifteen runs: all fifteen are trained at once here, and those that
would not have been started are not counted. A mean over successes alone flatters a setting that often fails,
so the median and its interval are over all runs counted, where a failure counts as more epochs than there
were.
"""

from __future__ import annotations

from engine.built_in_experiments import XorGridParams
from engine.models.xor.batch import course_experiments, plan
from engine.models.xor.batch.record import BatchRecord
from engine.session_protocol.xor import ReportRow
from engine.worker import train_xor_batch
from engine.worker.run import Run

HEAD = (
    "  lr    hidden bypass   runs fails   mean epochs      std   train    val"
    "    median (95 %)            mean, fails = all   notebook: mean      std   train    val fails  chance"
)
CHANCE = """\
Chance: two-sided p-value (bootstrap) of the difference between the mean of the course's notebook and this
one. The smallest of nine is expected near 0.1. With 2,000 runs of each, seven are at 0.05 or more; one unit
with bypass and two without are at 0.01: there one network in seven needs far longer than most, and the ten
networks of the course's notebook seem to include none of these."""


def train(params: XorGridParams, run: Run) -> None:
    networks = plan.from_rows(
        list(course_experiments.rows(params.runs, params.epochs, run.seed)), course_experiments.AXES
    )
    training = train_xor_batch.prepare(networks, run)
    found = train_xor_batch.train_batch(training, run, runs=params.runs, successes=params.successes)
    report(found)


def report(found: BatchRecord) -> None:
    train_xor_batch.print_counts(found)
    print(HEAD)
    for row in course_experiments.table(found):
        print(line(row))
    print(CHANCE)
    lines = ", ".join(f"{name} {count}" for name, count in course_experiments.gates(found).items())
    print(f"Gates of the hidden unit in the first experiment: {lines or 'none yet'}.")


def line(row: ReportRow) -> str:
    printed = row.notebook
    epochs = f"{_whole(row.median)} ({_whole(row.low)} to {_whole(row.high)})"
    return (
        f"{row.lr:6g} {row.hidden:6d} {'yes' if row.bypass else 'no':>6}"
        f" {row.runs:6d} {row.fails:5d}"
        f" {_number(row.mean, 13, 1)} {_number(row.std, 8, 1)} {_number(row.train_loss, 7, 4)}"
        f" {_number(row.val_loss, 6, 4)}  {epochs:>24} {row.mean_all:15.1f}"
        f"   {printed.mean:14.1f} {printed.std:8.1f} {printed.train_loss:7.4f}"
        f" {printed.val_loss:6.4f} {printed.fails:5d}"
        f" {_number(row.chance, 7, 3)}"
    )


def _number(value: float | None, width: int, digits: int) -> str:
    return "-".rjust(width) if value is None else f"{value:{width}.{digits}f}"


def _whole(value: float | None) -> str:
    return "beyond" if value is None else f"{value:.0f}"
