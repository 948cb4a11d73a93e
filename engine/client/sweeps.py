"""The requests of the client about sweeps."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

from engine.places import data_folder
from engine.protocol import Json, Removal, removal_from_json

if TYPE_CHECKING:
    from engine.sweep_protocol import Prune, SweepSummary, TrialPage, TrialQuery


class SupportsRequest(Protocol):
    async def request(self: SupportsRequest, method: str, **facts: object) -> Json: ...


class SweepCalls:
    """Part of `engine.client.client.Client`. A sweep is given as its id, the start of it, its last four
    digits, its name, or @last.

    All methods raise errors of the service as DltuiError.
    """

    async def sweep_submit(
        self: SupportsRequest,
        experiment: str,
        axes: Sequence[str],
        params: Mapping[str, object] | None = None,
        *,
        sampler: str = "grid",
        seed: int = 1,
        seeds: int | Sequence[int] = 1,
        trials: int | None = None,
        parallel: int | None = None,
        gpu_share: float = 1.0,
        prune: Prune | None = None,
        metric: str = "",
        goal: str = "",
        name: str = "",
        device: str = "auto",
        executor: str = "local",
        data: str | None = None,
    ) -> SweepSummary:
        """Submit a sweep.

        `axes` are texts such as `lr=0.001..0.1 log` or `hidden=1..4`; `seeds` is a count or a list. Empty
        `metric` and `goal` are those of the experiment; `data` is as in `Client.submit`.
        """
        from engine.sweep_protocol import Prune

        facts: Json = {
            "experiment": experiment, "axes": list(axes), "params": dict(params or {}), "sampler": sampler,
            "seed": seed, "seeds": seeds if isinstance(seeds, int) else list(seeds), "trials": trials,
            "parallel": parallel, "gpu_share": gpu_share, "prune": asdict(prune or Prune()), "metric": metric,
            "goal": goal, "name": name, "device": device, "executor": executor,
            "data": data_folder() if data is None else data,
        }  # fmt: skip
        answer = await self.request("sweep_submit", **facts, token=uuid.uuid4().hex)
        return _sweep(answer["sweep"])

    async def sweeps(self: SupportsRequest) -> tuple[SweepSummary, ...]:
        """All sweeps, the newest first."""
        return tuple(_sweep(sweep) for sweep in (await self.request("sweeps"))["sweeps"])

    async def sweep_show(self: SupportsRequest, sweep: str) -> SweepSummary:
        return _sweep((await self.request("sweep_show", sweep=sweep))["sweep"])

    async def sweep_edit(self: SupportsRequest, sweep: str, verb: str, **facts: object) -> SweepSummary:
        """Change a sweep while it runs, or after.

        pause, resume, stop (the sweep and its active trials); `stop_trial` trial=; `pin` trial=, on=True
        (never pruned); `add` params={...}; `widen` axis="lr=0.5,1"; `parallel` count=; `trials` count=;
        `extend` trial=, epochs= (a finished trial trains longer; a pruned one without epochs trains to its
        end).
        """
        return _sweep((await self.request("sweep_edit", sweep=sweep, verb=verb, facts=facts))["sweep"])

    async def sweep_remove(
        self: SupportsRequest, sweep: str, *, runs: bool = False, now: bool = False
    ) -> Removal:
        """Remove a sweep that is not active; with `runs` also the runs of its trials, as one removal.

        With `now` the files are deleted.
        """
        return removal_from_json(
            (await self.request("sweep_remove", sweep=sweep, runs=runs, now=now))["removal"]
        )

    async def sweep_trials(self: SupportsRequest, sweep: str, query: TrialQuery | None = None) -> TrialPage:
        """A page of at most 1,000 rows or groups."""
        from engine.sweep_protocol import TrialQuery, page_from_json

        return page_from_json(
            await self.request("sweep_trials", sweep=sweep, **asdict(query or TrialQuery()))
        )

    async def sweep_analysis(
        self: SupportsRequest, sweep: str, kind: str, where: str = "", **facts: object
    ) -> Json:
        """The data of a chart of the sweep, of the trials that pass the filter `where`.

        importance: {"importance": [[param, share]...], "why": "" or why there is none}, largest first.
        parallel: {"columns": [{"name","log","low","high","choices"}...], "rows": [{"trial","status","value",
          "cells":[...]}...]}, the best last; low and high are of the cells, None where choices are listed.
        slice: {"params": [{"name","log","choices","points": [[x, value, trial]...]}...]}.
        best: {"points": [[trial, value, best so far]...]} in the order in which trials ended.
        heat: x=, y= (names of axes): {"x","y","xs": [...], "ys": [...], "cells": [[mean or None]...] by y
          then x, "counts": the same shape}; many numbers on one axis are put into 12 bins, shown by
          their middle.
        """
        answer = await self.request("sweep_analysis", sweep=sweep, kind=kind, where=where, facts=facts)
        return {name: value for name, value in answer.items() if name != "id"}


def _sweep(data: Json) -> SweepSummary:
    from engine.sweep_protocol import sweep_from_json

    return sweep_from_json(data)
