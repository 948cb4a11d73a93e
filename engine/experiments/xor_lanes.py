"""XOR by the thousand: which starts get there, and which do not.

Claim: 4,000 networks of 1 to 4 hidden units, 1,000 epochs each, in a few seconds.

One network tells little: whether it learns XOR hangs on where it began. Here every point of a grid of
parameters and seeds is a network of its own; all are trained side by side, each to the very bits it would
have alone.
"""

from __future__ import annotations

from dataclasses import asdict

from engine import axes, catalog
from engine.catalog import XorLanesParams
from engine.models.xor.batch import plan
from engine.worker import xor_batch
from engine.worker.run import Run


def train(params: XorLanesParams, run: Run) -> None:
    common = asdict(params)
    grid, draws = axes.parse_axes(catalog.find("xor"), common.pop("axes")), common.pop("draws")
    trainer = common.pop("trainer")
    if draws is None:
        chosen = plan.from_axes(common, run.seed, grid)
    else:
        chosen = plan.drawn(common, run.seed, grid, draws)
    training = xor_batch.prepare(chosen, trainer, run)
    xor_batch.say(xor_batch.sail(training, run))
