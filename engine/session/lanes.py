"""The room of networks trained by the thousand: runs of `xor_grid` and `xor_lanes`."""

from __future__ import annotations

from collections.abc import Mapping

from engine.protocol import Json
from engine.session.desk import Desk
from engine.session.words import Handler


def table(
    desk: Desk,
    run: str,
    sort: str = "lane",
    descending: bool = False,
    where: Mapping[str, object] | None = None,
    offset: int = 0,
    limit: int = 100,
) -> Json:
    """A page of the networks of a run.

    Facts: `run` an id; `sort` a column; `where` {column: value that it has to have}, such as {"outcome": "fail",
    "hidden": 2}. Raises RunNotFound and ParamError.

    Answer:
      columns   ["lane", "seed", the parameters that vary..., "outcome", "stop", "loss", "val_loss"]
      rows      lists in the order of the columns; `outcome` is running, success, fail or diverged, `stop` the epochs
                trained, `loss` over the 4 rows, `val_loss` the best so far (null without validation)
      matching, total   networks that pass `where`, and all
      counts    {running, success, fail, diverged} of all
      epoch, epochs     trained by those that run, and to be trained at most
      common    {parameter: value} of those that do not vary
    """
    return {}


def map_(desk: Desk, run: str, x: str = "", y: str = "", colour: str = "outcome", columns: int = 0) -> Json:
    """The failure map.

    Facts: `x`, `y` columns that vary (seed, lr, hidden, ...), both or neither; `colour` outcome, stop, loss or
    val_loss; without axes one cell per network in the order of the lanes, `columns` wide (0: about square).
    Raises RunNotFound and ParamError.

    Answer:
      x, y       their names, "" without axes
      xs, ys     the values along them; numbers or words (without axes: positions)
      lanes      rows (ys) of cells (xs) of the first network of each, -1 where there is none
      counts     how many networks each cell holds
      values     for outcome: share of successes among those that ended, null while all run; for stop, loss and
                 val_loss: the median; null where there is none
      running    how many in each cell are not at their end
      low, high  the range of the values (0 and 1 for outcome)
      axes       the names that can be asked for
      epoch, epochs, counts_all   as in `lanes.table`
    """
    return {}


def open_(desk: Desk, run: str, lane: int, width: int = 40, height: int = 40) -> Json:
    """One network.

    Raises RunNotFound and ParamError.

    Answer:
      lane, seed, outcome, stop, loss, val_loss
      params    of the experiment `xor`: with `seed` they start a run from the same weights
      net       its weights, as the facts of `xor.look`
      look      the answer of `xor.look` for it, in the size that was asked for; null where it diverged
      curve     {epochs [], loss [], val_loss []}: thinned; val_loss is empty without validation
    """
    return {}


def report(desk: Desk, run: str) -> Json:
    """The table of the nine experiments beside the notebook's numbers. Only for runs of `xor_grid`.

    Raises RunNotFound and ParamError.

    Answer:
      rows   9 x {experiment, lr, hidden, bypass, runs, fails, running, mean, std, train_loss, val_loss, median, low,
             high, mean_all, lanes [ids counted], notebook {mean, std, train_loss, val_loss, fails}}
             mean, std and the losses are over successes, as in the notebook (null without one); median and its 95 %
             interval low..high are over all runs counted, a failure standing for more than all epochs (null: beyond
             the last epoch); mean_all counts a failure as all epochs, which is too little
      gates  {gate: how often} the single hidden unit of the first experiment became, over its successes
      epoch, epochs, counts   as in `lanes.table`
    """
    return {}


WORDS: Mapping[str, Handler] = {"table": table, "map": map_, "open": open_, "report": report}
