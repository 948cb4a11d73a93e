"""Rows of the run table with the trials of a sweep as one row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping


def group_trials(
    found: Iterable[tuple[int, str]], sizes: Mapping[str, int], opened: Collection[str]
) -> list[int | str]:
    """Numbers of runs, and ids of sweeps in place of their trials, in the order of `found`.

    `found` are runs as (number, sweep), `sizes` the number of trials by sweep. A sweep whose trials are all
    found is one row at the place of the first; the trials of an `opened` one follow it. Trials of other
    sweeps stay in place.
    """
    runs = list(found)
    trials: dict[str, list[int]] = {}
    for number, sweep in runs:
        if sweep in sizes:
            trials.setdefault(sweep, []).append(number)
    waiting = {sweep for sweep, numbers in trials.items() if len(numbers) == sizes[sweep]}
    whole = frozenset(waiting)
    rows: list[int | str] = []
    for number, sweep in runs:
        if sweep not in whole:
            rows.append(number)
        elif sweep in waiting:
            waiting.remove(sweep)
            rows.append(sweep)
            rows += trials[sweep] if sweep in opened else []
    return rows
