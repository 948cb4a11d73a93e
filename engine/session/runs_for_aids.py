"""Aids that look into a run of the learner's: the newest one that fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from checkpoints.errors import CheckpointError
from engine import fold, store
from engine.aids import attention, block, catalog, early_stop, filters, gates, unroll
from engine.aids.computing_in_parts import finish
from engine.aids.phi import Floats
from engine.aids.result import OF, Aid
from engine.aids.softmax import softmax
from engine.data.text.vocabulary import START
from engine.errors import CorruptRun, DltuiError
from engine.models.language import load_model, output_layer
from engine.models.language.model_description import TransformerDescription
from engine.models.language.prompt import tokenise
from engine.models.language.weights import LstmWeights
from engine.session import language, language_runs, mnist_checkpoints, mnist_network
from engine.session.cache import SessionCache
from engine.session_protocol.language import AttentionRequest, BlocksRequest, GatesRequest
from engine.session_protocol.mnist import HistoryRequest

LEAST_POINTS = 4
"""validation losses of a run that stopping is replayed on"""
MOST_RUNS = 30
"""newest runs whose curves are looked through"""
MOST_WORDS = 20
"""that an LSTM is unrolled over"""
MOST_BYTES = 20_000_000
"""of the events of one"""


def own_aid(session_cache: SessionCache, name: str, params: Any) -> tuple[Aid | None, str]:
    """The aid of the newest run that fits, and what is said of it; None, and why, where there is no such run.

    `params` as the aid's own dataclass. An aid that looks into no run has None and nothing to say.
    """
    if name not in _MADE or params.of != OF[0]:
        return None, ""
    try:
        found = _MADE[name](session_cache, params)
    except (DltuiError, CheckpointError) as error:
        return None, f"An example, since your newest run cannot be looked into: {error.message}"
    if found is None:
        return None, f"An example: no run of yours fits. Start one: {catalog.command_of(name)}"
    made, run = found
    return made, f"Your run {run}."


def _language_run(session_cache: SessionCache, is_transformer: bool) -> language_runs.LanguageRun | None:
    """The newest one with a checkpoint."""
    runs = language_runs.all_runs(session_cache)
    fitting = [run for run in runs if isinstance(run.description, TransformerDescription) == is_transformer]
    return next((run for run in fitting if load_model.has_checkpoint(run.folder.path)), None)


def _attention(session_cache: SessionCache, params: attention.AttentionParams) -> tuple[Aid, str] | None:
    run = _language_run(session_cache, True)
    if run is None:
        return None
    found = language.attention_(session_cache, AttentionRequest(params.words, run.id))
    at = min(params.block, len(found.attention)) - 1
    head = min(params.number, len(found.attention[at])) - 1
    table = np.array(found.attention[at][head])
    made = attention.shown(found.words, table, params.row, ("head", "sharpness", "causal"))
    return made, _named(run)


def _block(session_cache: SessionCache, params: block.BlockParams) -> tuple[Aid, str] | None:
    run = _language_run(session_cache, True)
    if run is None:
        return None
    found = language.blocks(session_cache, BlocksRequest(params.words, run.id, 1))
    at = min(params.place, len(found.words)) - 1
    lengths = [row[at] for row in found.norms]
    likeliest = [(row[at][0].word, row[at][0].p) for row in found.best]
    return block.shown(lengths, likeliest, ("blocks", "scale")), _named(run)


def _gates(session_cache: SessionCache, params: gates.GatesParams) -> tuple[Aid, str] | None:
    run = _language_run(session_cache, False)
    if run is None:
        return None
    liveliest = language.gates_(session_cache, GatesRequest(params.text, run.id)).liveliest
    unit = liveliest[min(params.unit, len(liveliest)) - 1]
    found = language.gates_(session_cache, GatesRequest(params.text, run.id, unit=unit))
    return gates.of_unit(found.i, found.f, found.o, found.c, found.h), _named(run)


def _unroll(session_cache: SessionCache, params: unroll.UnrollParams) -> tuple[Aid, str] | None:
    run = _language_run(session_cache, False)
    if run is None:
        return None
    model = language_runs.open_model(session_cache, run).model
    weights = model.weights
    assert isinstance(weights, LstmWeights)
    prompt = tokenise(model.vocabulary, params.words)
    ids = (START, *model.in_reading_order(prompt.ids[:MOST_WORDS]))
    into, recurrent, steps = _read_layers(weights, ids[:-1])

    def logits(h: Floats) -> Floats:
        made: Floats = output_layer.logits(weights, h[None].astype(np.float32))[0].astype(np.float64)
        return made

    p = softmax(logits(steps[-1].h))
    p[ids[-1]] -= 1
    at_end = weights.output.astype(np.float64).T @ p
    if weights.projection is not None:
        at_end = weights.projection.weight.astype(np.float64).T @ at_end

    def loss(h: Floats) -> float:
        """Linear at the end of the log-probability: float32 logits are too coarse for small nudges."""
        return float(at_end @ h)

    units = np.argsort(-np.abs(steps[0].h))[:2].tolist()
    by_hand = finish(unroll.differences(into, recurrent, steps, loss, units))
    words = [model.vocabulary.words[one] for one in ids[:-1]]
    surprise = -float(np.log(softmax(logits(steps[-1].h))[ids[-1]]))
    made = unroll.shown(words, recurrent, steps, surprise, at_end, by_hand, ("length", "bias", "scale"))
    return made, _named(run)


def _read_layers(weights: LstmWeights, ids: Sequence[int]) -> tuple[Floats, Floats, list[unroll.Step]]:
    """What goes into the last layer, its recurrent weights, and its steps."""
    x = weights.embedding[list(ids)].astype(np.float64)
    for layer in weights.layers:
        into, recurrent = x @ layer.kernel + layer.bias, layer.recurrent.T.astype(np.float64)
        steps = unroll.read(into, recurrent)
        x = np.array([step.h for step in steps])
    return into, recurrent, steps


def _filters(session_cache: SessionCache, params: filters.FiltersParams) -> tuple[Aid, str] | None:
    """The first layer of kernels of the newest run that recorded some."""
    for folder, spec in mnist_checkpoints.all_runs(session_cache)[:MOST_RUNS]:
        found = mnist_network.history(session_cache, HistoryRequest(folder.id))
        name = next((name for name in found.parts if name.startswith("filters/")), "")
        if not name or not found.steps:
            continue
        at = found.steps[min(params.steps, len(found.steps) - 1)].step
        parts, first = (
            mnist_network.history(session_cache, HistoryRequest(folder.id, step)).parts
            for step in (at, found.steps[0].step)
        )
        kernels, before = (np.array([one[0] for one in part[name]], dtype=float) for part in (parts, first))
        maps = parts.get(name.replace("filters/", "maps/"), [[]])[0]
        return filters.of_run(at, kernels, before, maps), spec.name or folder.id
    return None


def _early_stop(session_cache: SessionCache, params: early_stop.EarlyStopParams) -> tuple[Aid, str] | None:
    folders = [store.folder_of(session_cache.places, run) for run in store.list_ids(session_cache.places)]
    for folder in sorted(folders, key=_trained_at, reverse=True)[:MOST_RUNS]:
        try:
            if folder.events.stat().st_size > MOST_BYTES:
                continue
            curves = fold.MetricCurves(fold.CurvePoints, fold.wall_clock)
            fold.read(folder.events, 0, curves)
            name = store.read_spec(folder).name or folder.id
        except (CorruptRun, OSError):
            continue
        found = curves.by_metric.get("val_loss")
        if found is not None and len(found.values) >= LEAST_POINTS:
            train = curves.by_metric.get("loss")
            others = [("training", train.steps, train.values)] if train is not None else []
            return early_stop.replayed(found.steps, found.values, params, others, ("noise",)), name
    return None


def _trained_at(folder: store.RunFolder) -> float:
    try:
        return folder.events.stat().st_mtime
    except OSError:
        return 0.0


def _named(run: language_runs.LanguageRun) -> str:
    return run.spec.name or run.id


_MADE: Mapping[str, Callable[[SessionCache, Any], tuple[Aid, str] | None]] = {
    "attention": _attention,
    "block": _block,
    "gates": _gates,
    "early_stop": _early_stop,
    "unroll": _unroll,
    "filters": _filters,
}
