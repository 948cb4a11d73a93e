"""The course's nine XOR experiments: their settings, what the notebook printed, and the same figures of a
run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.xor import xor_net
from engine.models.xor.batch.arrays import RUNNING, SUCCESS
from engine.models.xor.batch.record import BatchRecord
from engine.params import Value
from engine.session_protocol.xor import NotebookResult, ReportRow


@dataclass(frozen=True, slots=True)
class NotebookSetting:
    lr: float
    hidden: int
    bypass: bool
    printed: NotebookResult


SETTINGS = (
    NotebookSetting(0.25, 1, True, NotebookResult(4861.8, 699.3, 0.0301, 0.0453, 0)),
    NotebookSetting(0.1, 4, False, NotebookResult(7417.2, 1289.8, 0.0258, 0.0376, 0)),
    NotebookSetting(0.1, 2, True, NotebookResult(7692.2, 1325.4, 0.0347, 0.0497, 0)),
    NotebookSetting(0.1, 4, True, NotebookResult(7861.1, 1335.8, 0.0315, 0.0503, 0)),
    NotebookSetting(0.1, 2, False, NotebookResult(7029.3, 1459.1, 0.0288, 0.0369, 1)),
    NotebookSetting(0.01, 2, False, NotebookResult(30300.8, 5188.1, 0.1077, 0.1258, 10)),
    NotebookSetting(0.01, 2, True, NotebookResult(32571.8, 3321.6, 0.1363, 0.1689, 6)),
    NotebookSetting(0.01, 4, False, NotebookResult(35293.8, 2819.4, 0.0978, 0.1287, 10)),
    NotebookSetting(0.01, 4, True, NotebookResult(33227.0, 3080.5, 0.1216, 0.1580, 8)),
)
RECIPE: dict[str, Value] = {
    "activation": "sigmoid", "loss": "bce", "optimizer": "sgd", "initial": "xavier", "validation": "notebook",
    "patience": 10, "min_delta": 1e-4, "target": 0.2,
}  # fmt: skip
AXES = ("lr", "hidden", "bypass", "seed")


def rows(runs: int, epochs: int, seed: int) -> Iterator[dict[str, Value]]:
    """Parameters of the networks of all settings, `runs` of each in a row, each with its own seed."""
    first = (seed - 1) * len(SETTINGS) * runs + 1
    for number in range(len(SETTINGS) * runs):
        setting = SETTINGS[number // runs]
        own = {"lr": setting.lr, "hidden": setting.hidden, "bypass": setting.bypass}
        yield {**RECIPE, **own, "epochs": epochs, "seed": (first + number) % 2**31}


def table(record: BatchRecord) -> list[ReportRow]:
    """One row per setting."""
    runs, successes, epochs = (int(record.metadata[name]) for name in ("runs", "successes", "epochs"))
    return [
        _row(
            record, number, setting, counted(record, number * runs, runs, successes), epochs,
            _chance(record, slice(number * runs, (number + 1) * runs), setting),
        )
        for number, setting in enumerate(SETTINGS)
    ]  # fmt: skip


def _chance(record: BatchRecord, runs: slice, setting: NotebookSetting) -> float | None:
    """Over all runs of a setting, also those not counted. None while any of them trains."""
    outcome, stop = record.arrays["outcome"][runs], record.arrays["stop"][runs]
    if (outcome == RUNNING).any():
        return None
    return chance(stop, outcome == SUCCESS, setting.printed.mean)


def counted(record: BatchRecord, first: int, runs: int, successes: int) -> NDArray[np.int64]:
    """Indices of the networks that the notebook would have trained: in order, until enough succeed."""
    outcomes = record.arrays["outcome"][first : first + runs]
    enough = np.flatnonzero(np.cumsum(outcomes == SUCCESS) == successes)
    return np.arange(first, first + (int(enough[0]) + 1 if len(enough) else runs))


def gates(record: BatchRecord) -> dict[str, int]:
    """How often the hidden unit of the first setting computes each gate, over its successful networks."""
    indices = counted(record, 0, int(record.metadata["runs"]), int(record.metadata["successes"]))
    found: dict[str, int] = {}
    for index in indices[record.arrays["outcome"][indices] == SUCCESS]:
        (name,) = xor_net.unit_gates(record.network(int(index)))
        found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _row(
    record: BatchRecord,
    number: int,
    setting: NotebookSetting,
    indices: NDArray[np.int64],
    epochs: int,
    chance: float | None = None,
) -> ReportRow:
    outcome, stop = record.arrays["outcome"][indices], record.arrays["stop"][indices]
    is_success, is_running = outcome == SUCCESS, outcome == RUNNING
    won = stop[is_success]
    beyond = np.where(is_success, stop, np.inf)
    low, high = interval(beyond)
    return ReportRow(
        experiment=number + 1, lr=setting.lr, hidden=setting.hidden, bypass=setting.bypass,
        runs=len(indices), fails=int((~is_success & ~is_running).sum()), running=int(is_running.sum()),
        mean=_of(np.mean, won), std=_of(np.std, won),
        train_loss=_of(np.mean, record.losses("loss")[indices][is_success]),
        val_loss=_of(np.mean, record.losses("val_loss")[indices][is_success]),
        median=_finite(median(beyond)), low=_finite(low), high=_finite(high),
        mean_all=float(np.where(is_success, stop, epochs).mean()),
        lanes=indices.tolist(), notebook=setting.printed, chance=chance,
    )  # fmt: skip


def median(values: NDArray[Any]) -> float:
    ordered = np.sort(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return float(low if low == high else (low + high) / 2)


def interval(values: NDArray[Any]) -> tuple[float, float]:
    """A distribution-free 95 % confidence interval of the median: two order statistics.

    (-inf, inf) for fewer than six values.
    """
    count, ordered = len(values), np.sort(values)
    rank, below = 0, 0.5**count
    while below <= 0.025:
        rank += 1
        below += math.comb(count, rank) * 0.5**count
    if not rank:
        return -math.inf, math.inf
    return float(ordered[rank - 1]), float(ordered[count - rank])


def _of(statistic: Any, values: NDArray[Any]) -> float | None:
    return float(statistic(values)) if len(values) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


# --- the difference between the notebook's mean and that of a run: a bootstrap test ------------------------


DRAWS, SEED, LARGE_SAMPLE = 4000, 1, 200
NOTEBOOK_RULE = (15, 10)
"""most runs of a setting, and the successes after which it trains no more"""

Doubles = NDArray[np.float64]


def chance(stops: NDArray[Any], is_success: NDArray[np.bool_], theirs: float) -> float | None:
    """Two-sided p-value (bootstrap) of the difference between the notebook's mean `theirs` and that of
    `stops`.

    Two samples are drawn from the networks given: one by the notebook's rule, the other as large as the
    whole. None without a success, or where nothing varies. It is rough for few networks.
    """
    values = np.where(is_success, stops.astype(np.float64), np.nan)
    won = values[is_success]
    if len(set(won.tolist())) < 2:
        return None
    rng = np.random.default_rng(SEED)
    differences = _means(_counted(rng.choice(values, (DRAWS, NOTEBOOK_RULE[0])))) - _means_of_all(values, rng)
    differences = differences[np.isfinite(differences)]
    found = theirs - won.mean()
    return float(min(1.0, 2 * min((differences <= found).mean(), (differences >= found).mean())))


def _counted(draws: Doubles) -> Doubles:
    """NaN after the last success that counts."""
    so_far = np.cumsum(np.isfinite(draws), axis=1)
    return np.where(so_far <= NOTEBOOK_RULE[1], draws, np.nan)


def _means_of_all(values: Doubles, rng: np.random.Generator) -> Doubles:
    """Means of samples as large as the whole; above LARGE_SAMPLE from the normal distribution of the mean."""
    won = values[np.isfinite(values)]
    if len(won) > LARGE_SAMPLE:
        return rng.normal(won.mean(), won.std() / np.sqrt(len(won)), DRAWS)
    return _means(rng.choice(won, (DRAWS, len(won))))


def _means(draws: Doubles) -> Doubles:
    """Mean of each row, NaN without a success."""
    counts = np.isfinite(draws).sum(axis=1)
    found: Doubles = np.where(counts > 0, np.nansum(draws, axis=1) / np.maximum(counts, 1), np.nan)
    return found
