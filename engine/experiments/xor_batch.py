"""XOR: thousands of networks in one batch, over a grid of parameters and seeds.

Claim: that of the experiment in the catalog, for networks of 1 to 4 hidden units.

Whether a network learns XOR depends on its initial weights, so one network shows little. Here every point of
a grid is a network; all are trained as one batch, each with the bits it would have alone.
"""

from __future__ import annotations

from dataclasses import asdict

from engine import axes, catalog
from engine.built_in_experiments import XorBatchParams
from engine.models.xor.batch import plan
from engine.worker import train_xor_batch
from engine.worker.run import Run


def train(params: XorBatchParams, run: Run) -> None:
    common = asdict(params)
    grid, draws = axes.parse_axes(catalog.find("xor"), common.pop("axes")), common.pop("draws")
    common.pop("trainer")
    if draws is None:
        chosen = plan.from_axes(common, run.seed, grid)
    else:
        chosen = plan.drawn(common, run.seed, grid, draws)
    training = train_xor_batch.prepare(chosen, run)
    train_xor_batch.print_counts(train_xor_batch.train_batch(training, run))
