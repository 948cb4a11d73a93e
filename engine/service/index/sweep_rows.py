"""The run table with the trials of a sweep as one row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping


def group_trials(
    found: Iterable[tuple[int, str]], sizes: Mapping[str, int], opened: Collection[str]
) -> list[int | str]:
    """Numbers of runs, and ids of sweeps in place of their trials, in the order given.

    `found` are runs as (number, sweep), `sizes` the trials of each sweep. A sweep whose trials are all found
    is a row where the first of them stands; the trials of an `opened` one follow it. Of any other sweep the
    trials that were found stay where they are.
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
