"""Methods `mnist.*`: the data, and the predictions, reports, filters and maps of trained networks.

A picture is rows of whole numbers, 0 (background) to 255 (ink). `levels` {low, high, levels} are numbers for
drawing: a level l of 0 to 255 is the value low + (high - low) * l / 255. Probabilities are ten numbers.
`split` is train, validation or test; `index` counts within it. `step` is that of a checkpoint, by default
the one that is served (engine.served_checkpoint). Responses about a run hold run, step, `weights` (which
they are, as text) and `warning`, which is not empty when the requested checkpoint is damaged and an older
one is used. An input picture is given as `pixels`, else as `split` and `index`.

explore(samples=10)      title, source, notice, notes, side, class_names, named_by, splits {name: size},
                         counts {name: [10]}, statistics {mean, std, min, max, ink: share of pixels that are
                         not background}, means [10 pictures], samples [10][n pictures]
runs()                   runs [{run, name, params, created_at, steps}], newest first
model(run, step)         side, steps, per_epoch (updates in an epoch; null where a recipe changes it), layers
                         [{name, kind, shape, parameters, macs}], parameters, macs, class_names, params
report(run, split, step) stream of {done, total}; the last part has `report` too: classes [{label, name,
                         precision, recall, f1, support}], macro, weighted (without label and name), accuracy,
                         balanced_accuracy, loss, confusion [true][predicted], images, title
cell(run, true, predicted, split, offset, limit, step)
                         count, offset, images [{index, pixels, label, predicted, probabilities}]
worst(run, split, n, step)
                         the same, the largest loss first; count is of all mistakes
images(run, indexes, split, step)
                         the same, of those indexes
filters(run, layer, step, limit)
                         name, kind, layers (names that have filters), height, width, channels, count (of all
                         filters) and levels: [filter][channel] pictures; layer "" is the first; for a dense
                         layer the pictures are the weights of its units
history(run, step)       steps [{step, val_accuracy or null}]: those with a `sketch` event, also where no
                         checkpoint was kept; step, by default the last; parts {"filters/NAME": [filter]
                         [channel] rows of weights, "maps/NAME": [4 images][filter] rows of 0 to 255}
maps(run, layer="all", step, split, index, pixels)
                         original, label, predicted, probabilities, layers [{name, kind, shape, before,
                         after}]: levels of its maps before its ReLU and after it
predict(run, pixels, centred=True, maps=True, step)
                         centred (the input of the network), predicted, probabilities, layers
saliency(run, kind, target, split, index, pixels, step)
                         kind occlusion or gradient; original, label, target (by default the predicted
                         class), predicted, probabilities, most (the largest amount), values: rows of -1 to 1
                         in units of `most`
robustness(run, kind, split, images, step)
                         stream of {kind, unit, amounts, accuracies, images, done, total}: the points so far;
                         kind shift (pixels) or noise (part of the grey scale)
keep(pixels, label)      mark, count
kept()                   digits [{mark, label, at, pixels}]
drop(mark)               dropped, count; mark "all" empties the set
kept_report(run, step)   count, accuracy, confusion, images [{mark, pixels, label, predicted, probabilities}]
table()                  stream of {done, total, goal, rows, best, notice}, one more row in each part: rows
                         [{model, batch, run, name, is_reached, iterations, seconds, val_accuracy, balanced,
                         test_accuracy, why, data: {title, fingerprint}}], null where not known; best
                         {run, model, batch, balanced, test_accuracy} or null; notice: why there is no best.
                         Not reached: iterations and seconds so far

Whatever is computed from the data set uses the one that the run itself was trained, validated and tested on,
found in the folder that its spec names; a request raises DataError where that folder holds other data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.models.images import conv_net
from engine.protocol import Json
from engine.session import (
    mnist_drawings,
    mnist_history,
    mnist_network,
    mnist_reports,
    mnist_robustness,
    mnist_sets,
    mnist_statistics,
    mnist_table,
)
from engine.session.cache import SessionCache
from engine.session.methods import Handler
from engine.session.mnist_nets import all_runs, open_net, steps


def explore(session_cache: SessionCache, samples: int = 10) -> Json:
    pictures = mnist_sets.current_pictures(session_cache)
    key = ("mnist.explore", pictures.digits.fingerprint, samples)
    return session_cache.get(key, lambda: mnist_statistics.explore(pictures, samples))


def runs(session_cache: SessionCache) -> Json:
    """Folders that cannot be read are left out: the run table shows their errors."""
    found = []
    for folder, spec in all_runs(session_cache):
        facts = {"name": spec.name, "params": dict(spec.params), "created_at": spec.created_at}
        found.append({"run": folder.id, **facts, "steps": steps(folder)})
    return {"runs": found}


def model(session_cache: SessionCache, run: str, step: int | None = None) -> Json:
    opened = open_net(session_cache, run, step)
    pictures = mnist_sets.run_pictures(session_cache, opened)
    entries = conv_net.layer_costs(opened.net)
    return {
        **mnist_network.head(opened),
        "side": opened.net.side,
        "steps": steps(opened.folder),
        "per_epoch": mnist_table.per_epoch(opened.spec, len(pictures.part("train").labels)),
        "layers": [
            {
                "name": entry.name, "kind": entry.kind, "shape": list(entry.shape),
                "parameters": entry.parameters, "macs": entry.macs,
            }
            for entry in entries
        ],
        "parameters": sum(entry.parameters for entry in entries),
        "macs": sum(entry.macs for entry in entries),
        "class_names": list(pictures.digits.class_names),
        "params": dict(opened.spec.params),
    }  # fmt: skip


def report(
    session_cache: SessionCache, run: str, split: str = "test", step: int | None = None
) -> Iterator[Json]:
    return mnist_reports.stream(session_cache, open_net(session_cache, run, step), split)


def cell(
    session_cache: SessionCache, run: str, true: int, predicted: int, split: str = "test", offset: int = 0,
    limit: int = 50, step: int | None = None,
) -> Json:  # fmt: skip
    return mnist_reports.cell(
        session_cache, open_net(session_cache, run, step), split, true, predicted, offset, limit
    )


def worst(
    session_cache: SessionCache, run: str, split: str = "test", n: int = 100, step: int | None = None
) -> Json:
    return mnist_reports.worst(session_cache, open_net(session_cache, run, step), split, n)


def images(
    session_cache: SessionCache, run: str, indexes: list[int], split: str = "test", step: int | None = None
) -> Json:
    return mnist_reports.images(session_cache, open_net(session_cache, run, step), split, indexes)


def filters(
    session_cache: SessionCache, run: str, layer: str = "", step: int | None = None, limit: int = 256
) -> Json:
    return mnist_network.filters(open_net(session_cache, run, step), layer, limit)


def maps(
    session_cache: SessionCache, run: str, layer: str = "all", step: int | None = None, split: str = "test",
    index: int = 0, pixels: Any = None,
) -> Json:  # fmt: skip
    opened = open_net(session_cache, run, step)
    return mnist_network.maps(
        opened, mnist_network.picture(session_cache, opened, split, index, pixels), layer
    )


def predict(
    session_cache: SessionCache,
    run: str,
    pixels: Any,
    centred: bool = True,
    maps: bool = True,
    step: int | None = None,
) -> Json:
    return mnist_network.predict(open_net(session_cache, run, step), pixels, centred, maps)


def saliency(
    session_cache: SessionCache, run: str, kind: str = "occlusion", target: int | None = None,
    split: str = "test", index: int = 0, pixels: Any = None, step: int | None = None,
) -> Json:  # fmt: skip
    opened = open_net(session_cache, run, step)
    return mnist_network.saliency(
        opened, mnist_network.picture(session_cache, opened, split, index, pixels), kind, target
    )


def robustness(
    session_cache: SessionCache,
    run: str,
    kind: str = "shift",
    split: str = "test",
    images: int = 2000,
    step: int | None = None,
) -> Iterator[Json]:
    return mnist_robustness.stream(session_cache, open_net(session_cache, run, step), kind, split, images)


def kept_report(session_cache: SessionCache, run: str, step: int | None = None) -> Json:
    return mnist_drawings.report(session_cache, open_net(session_cache, run, step))


METHODS: Mapping[str, Handler] = {
    "explore": explore,
    "runs": runs,
    "model": model,
    "report": report,
    "cell": cell,
    "worst": worst,
    "images": images,
    "filters": filters,
    "history": mnist_history.history,
    "maps": maps,
    "predict": predict,
    "saliency": saliency,
    "robustness": robustness,
    "keep": mnist_drawings.keep,
    "kept": mnist_drawings.kept,
    "drop": mnist_drawings.drop,
    "kept_report": kept_report,
    "table": mnist_table.stream,
}
