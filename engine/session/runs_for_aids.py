"""Aids that look into a run of the learner's: the newest one that fits."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from checkpoints.errors import CheckpointError
from engine import fold, store
from engine.aids import (
    attention,
    block,
    catalog,
    early_stop,
    filters,
    gates,
    leak,
    loss_slice,
    transfer,
    unroll,
    weight_image,
)
from engine.aids.computing_in_parts import Pieces, finish
from engine.aids.phi import Floats
from engine.aids.result import OF, Aid
from engine.aids.softmax import softmax
from engine.data.text.vocabulary import START
from engine.errors import CorruptRun, DltuiError
from engine.models.images.layers import Dense
from engine.models.language import load_model, output_layer
from engine.models.language.model_description import TransformerDescription
from engine.models.language.prompt import tokenise
from engine.models.language.weights import LstmWeights
from engine.protocol import Spec
from engine.session import language, language_runs, mnist_checkpoints, mnist_data, mnist_network
from engine.session.cache import SessionCache
from engine.session.losses_of_runs import LOSSES
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
MOST_PICTURES = 1000
"""of the validation set, of which it is counted how many a class is right about"""


@dataclass(frozen=True, slots=True)
class OwnAid:
    """An aid of a run of the learner's, and what is said of it; an example is shown where `aid` is None."""

    aid: Aid | None = None
    note: str = ""
    run: str = ""
    """its id"""


@dataclass(frozen=True, slots=True)
class LookedInto:
    """What came of a run."""

    aid: Aid
    run: str
    """its id"""
    name: str
    more: str = ""
    """what else is said of it"""


def own_aid(session_cache: SessionCache, name: str, params: Any) -> Pieces[OwnAid]:
    """The aid of the newest run that fits; without one it is said how to start one.

    `params` as the aid's own dataclass. An aid that looks into no run has nothing to say.
    """
    if name not in _MADE or params.of != OF[0]:
        return OwnAid()
    try:
        made = _MADE[name](session_cache, params)
        found = (yield from made) if isinstance(made, Generator) else made
    except (DltuiError, CheckpointError) as error:
        return OwnAid(None, f"An example, since your newest run cannot be looked into: {error.message}")
    if found is None:
        return OwnAid(None, f"An example: no run of yours fits. Start one: {catalog.command_of(name)}")
    return OwnAid(found.aid, f"Your run {found.name}.{found.more}", found.run)


def _language_run(session_cache: SessionCache, is_transformer: bool) -> language_runs.LanguageRun | None:
    """The newest one with a checkpoint."""
    runs = language_runs.all_runs(session_cache)
    fitting = [run for run in runs if isinstance(run.description, TransformerDescription) == is_transformer]
    return next((run for run in fitting if load_model.has_checkpoint(run.folder.path)), None)


def _attention(session_cache: SessionCache, params: attention.AttentionParams) -> LookedInto | None:
    run = _language_run(session_cache, True)
    if run is None:
        return None
    found = language.attention_(session_cache, AttentionRequest(params.words, run.id))
    at = min(params.block, len(found.attention)) - 1
    head = min(params.number, len(found.attention[at])) - 1
    table = np.array(found.attention[at][head])
    made = attention.shown(found.words, table, params.row, ("head", "sharpness", "causal"))
    return _of_language_run(made, run, f"@b{at + 1} @h{head + 1}")


def _block(session_cache: SessionCache, params: block.BlockParams) -> LookedInto | None:
    run = _language_run(session_cache, True)
    if run is None:
        return None
    found = language.blocks(session_cache, BlocksRequest(params.words, run.id, 1))
    at = min(params.place, len(found.words)) - 1
    lengths = [row[at] for row in found.norms]
    likeliest = [(row[at][0].word, row[at][0].p) for row in found.best]
    return _of_language_run(block.shown(lengths, likeliest, ("blocks", "scale")), run)


def _gates(session_cache: SessionCache, params: gates.GatesParams) -> LookedInto | None:
    run = _language_run(session_cache, False)
    if run is None:
        return None
    liveliest = language.gates_(session_cache, GatesRequest(params.text, run.id)).liveliest
    unit = liveliest[min(params.unit, len(liveliest)) - 1]
    found = language.gates_(session_cache, GatesRequest(params.text, run.id, unit=unit))
    return _of_language_run(gates.of_unit(found.i, found.f, found.o, found.c, found.h), run, f"@u{unit}")


def _unroll(session_cache: SessionCache, params: unroll.UnrollParams) -> LookedInto | None:
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
    return _of_language_run(made, run)


def _read_layers(weights: LstmWeights, ids: Sequence[int]) -> tuple[Floats, Floats, list[unroll.Step]]:
    """What goes into the last layer, its recurrent weights, and its steps."""
    x = weights.embedding[list(ids)].astype(np.float64)
    for layer in weights.layers:
        into, recurrent = x @ layer.kernel + layer.bias, layer.recurrent.T.astype(np.float64)
        steps = unroll.read(into, recurrent)
        x = np.array([step.h for step in steps])
    return into, recurrent, steps


def _filters(session_cache: SessionCache, params: filters.FiltersParams) -> LookedInto | None:
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
        return LookedInto(filters.of_run(at, kernels, before, maps), folder.id, spec.name or folder.id)
    return None


def _early_stop(session_cache: SessionCache, params: early_stop.EarlyStopParams) -> LookedInto | None:
    for folder in _newest_trained(session_cache):
        found = _curves(folder)
        spec = _spec(folder)
        if spec is None or "val_loss" not in found or len(found["val_loss"].values) < LEAST_POINTS:
            continue
        train, validation = found.get("loss"), found["val_loss"]
        others = [("training", train.steps, train.values)] if train is not None else []
        made = early_stop.replayed(validation.steps, validation.values, params, others, ("noise",))
        return LookedInto(made, folder.id, spec.name or folder.id)
    return None


def _leak(session_cache: SessionCache, params: leak.LeakParams) -> LookedInto | None:
    for folder, spec in _leak_runs(session_cache):
        curves = _curves(folder)
        measured = {
            setup: float(curves[metric].values[-1])
            for setup in leak.SETUPS
            if (metric := f"perplexity_{setup}") in curves
        }
        if len(measured) == len(leak.SETUPS):
            words, length = (int(str(spec.params[name])) for name in ("words", "length"))
            made = leak.of_run(params, words, length, measured)
            steps = curves["perplexity_forward"].steps[-1]
            return LookedInto(made, folder.id, spec.name or folder.id, f" After {steps:,.0f} steps.")
    return None


def _transfer(session_cache: SessionCache, params: transfer.TransferParams) -> LookedInto | None:
    """The newest run that began with another one's weights, beside the newest with its other parameters that
    did not, else beside the one it began with."""
    specs = [(folder, spec) for folder in _newest_trained(session_cache) if (spec := _spec(folder))]
    for folder, spec in specs:
        if not _parent_of(spec):
            continue
        for other, other_spec in sorted(specs, key=lambda one: one[0].id == _parent_of(spec)):
            if _parent_of(other_spec) or not (_like(other_spec, spec) or other.id == _parent_of(spec)):
                continue
            begun, new = (_curves(one).get("loss") for one in (folder, other))
            if begun is not None and new is not None:
                at = spec.parent.step if spec.parent is not None else 0
                made = transfer.of_runs(
                    (new.steps, new.values), ([step - at for step in begun.steps], begun.values)
                )
                more = f" Beside {other_spec.name or other.id}."
                return LookedInto(made, folder.id, spec.name or folder.id, more)
    return None


def _parent_of(spec: Spec) -> str:
    """The id of the run with whose weights a run began; empty for none."""
    return spec.parent.run if spec.parent is not None else str(spec.params.get("begin", ""))


def _like(one: Spec, other: Spec) -> bool:
    """Whether two runs differ at most in where they begin and how long they train."""
    return one.experiment == other.experiment and all(
        one.params.get(name) == value
        for name, value in other.params.items()
        if name not in ("begin", "epochs", "steps", "iterations")
    )


def _weight_image(session_cache: SessionCache, params: weight_image.WeightImageParams) -> LookedInto | None:
    """The weights of a class of the newest logistic regression."""
    for folder, spec in mnist_checkpoints.all_runs(session_cache)[:MOST_RUNS]:
        if spec.params.get("model") != "logistic" or not mnist_checkpoints.steps(folder):
            continue
        opened = mnist_checkpoints.open_net(session_cache, folder.id)
        pictures = mnist_data.run_pictures(session_cache, opened)
        train, validation = pictures.part("train"), pictures.part("validation")
        side, layer = opened.net.side, opened.net.layers[-1]
        assert isinstance(layer, Dense)
        mean = train.images[train.labels == params.digit].mean(axis=0)
        logits = opened.net.logits(validation.images[:MOST_PICTURES])
        said = logits.argmax(axis=1) == params.digit
        right = float((said == (validation.labels[:MOST_PICTURES] == params.digit)).mean())
        weights = layer.weight[params.digit].reshape(side, side).astype(np.float64)
        made = weight_image.of_run(mean, weights, right)
        return LookedInto(made, folder.id, spec.name or folder.id, f" {opened.words.capitalize()}.")
    return None


def _loss_slice(session_cache: SessionCache, params: loss_slice.LossSliceParams) -> Pieces[LookedInto | None]:
    """Of the newest run of xor over its four rows, or of mnist over some validation pictures."""
    for folder in _newest_trained(session_cache):
        spec = _spec(folder)
        if spec is None or spec.experiment not in LOSSES or not mnist_checkpoints.steps(folder):
            continue
        loss = LOSSES[spec.experiment](session_cache, folder, spec)
        source = np.random.default_rng(params.seed_of_slice)
        made = yield from loss_slice.sliced(loss.of, loss.weights, params, source, ("steps",))
        return LookedInto(made, folder.id, spec.name or folder.id, f" {loss.words}")
    return None


def _leak_runs(session_cache: SessionCache) -> list[tuple[store.RunFolder, Spec]]:
    """Those started last first."""
    folders = (store.folder_of(session_cache.places, run) for run in store.list_ids(session_cache.places))
    found = [(folder, spec) for folder in folders if (spec := _spec(folder)) and spec.experiment == "leak"]
    return sorted(found, key=lambda one: one[1].order, reverse=True)


def _newest_trained(session_cache: SessionCache) -> list[store.RunFolder]:
    """Runs of any experiment, the one that trained last first."""
    folders = [store.folder_of(session_cache.places, run) for run in store.list_ids(session_cache.places)]
    return sorted(folders, key=_trained_at, reverse=True)[:MOST_RUNS]


def _spec(folder: store.RunFolder) -> Spec | None:
    try:
        return store.read_spec(folder)
    except (DltuiError, OSError):
        return None


def _curves(folder: store.RunFolder) -> Mapping[str, fold.CurvePoints]:
    """By metric; none of a run whose events cannot be read, or are too long."""
    curves = fold.MetricCurves(fold.CurvePoints, fold.wall_clock)
    try:
        if folder.events.stat().st_size <= MOST_BYTES:
            fold.read(folder.events, 0, curves)
    except (CorruptRun, OSError):
        return {}
    return curves.by_metric


def _trained_at(folder: store.RunFolder) -> float:
    try:
        return folder.events.stat().st_mtime
    except OSError:
        return 0.0


def _of_language_run(made: Aid, run: language_runs.LanguageRun, marks: str = "") -> LookedInto:
    """`marks` choose the same unit, or head, in the prompt of the REPL."""
    more = {"marks": marks} if marks else {}
    return LookedInto(replace(made, data=made.data | more), run.id, run.spec.name or run.id)


_MADE: Mapping[str, Callable[[SessionCache, Any], LookedInto | Pieces[LookedInto | None] | None]] = {
    "attention": _attention,
    "block": _block,
    "gates": _gates,
    "early_stop": _early_stop,
    "unroll": _unroll,
    "filters": _filters,
    "leak": _leak,
    "transfer": _transfer,
    "weight_image": _weight_image,
    "loss_slice": _loss_slice,
}
