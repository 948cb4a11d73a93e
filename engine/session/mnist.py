"""Handlers of `mnist.*`: the data, the runs, a network's facts, kept drawings; others are in mnist_*.py.

Whatever is computed from the data set uses the one that the run itself was trained, validated and tested on,
found in the folder that its spec names; a request raises DataError where that folder holds other data.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.data import user_drawings
from engine.models.images import conv_net
from engine.models.images.centring import centre
from engine.session import mnist_data, mnist_network, mnist_reports, mnist_table
from engine.session.cache import SessionCache
from engine.session.methods import Handler
from engine.session.mnist_checkpoints import open_net, steps
from engine.session.mnist_network import drawn, fitting, head, shown
from engine.session_protocol import mnist as protocol
from engine.session_protocol.mnist import (
    DroppedDigits,
    DropRequest,
    ExploredData,
    ExploreRequest,
    KeepRequest,
    KeptMark,
    KeptPicture,
    KeptReport,
    KeptReportRequest,
    ModelRequest,
    NetworkFacts,
    NetworkLayer,
)


def explore(session_cache: SessionCache, request: ExploreRequest) -> ExploredData:
    pictures = mnist_data.current_pictures(session_cache)
    key = ("mnist.explore", pictures.digits.fingerprint, request.samples)
    return session_cache.get(key, lambda: mnist_data.explore(pictures, request.samples))


def model(session_cache: SessionCache, request: ModelRequest) -> NetworkFacts:
    opened = open_net(session_cache, request.run, request.step)
    pictures = mnist_data.run_pictures(session_cache, opened)
    costs = conv_net.layer_costs(opened.net)
    return NetworkFacts(
        **mnist_network.head(opened),
        side=opened.net.side,
        steps=steps(opened.folder),
        per_epoch=mnist_table.per_epoch(opened.spec, len(pictures.part("train").labels)),
        layers=[
            NetworkLayer(cost.name, cost.kind, list(cost.shape), cost.parameters, cost.macs) for cost in costs
        ],
        parameters=sum(cost.parameters for cost in costs),
        macs=sum(cost.macs for cost in costs),
        class_names=list(pictures.digits.class_names),
        params=dict(opened.spec.params),
    )


# --- hand-drawn digits kept as a test set -------------------------------------------------------------------


def keep(session_cache: SessionCache, request: KeepRequest) -> KeptMark:
    """Stored centred, as 28x28 pixels. Raises DataError."""
    picture = centre(drawn(request.pixels), user_drawings.SIDE)
    added = user_drawings.add(session_cache.places.drawn_digits, picture, request.label, time.time())
    return KeptMark(added.mark, len(user_drawings.read(session_cache.places.drawn_digits)))


def drop(session_cache: SessionCache, request: DropRequest) -> DroppedDigits:
    dropped = user_drawings.remove(session_cache.places.drawn_digits, request.mark)
    return DroppedDigits(dropped, len(user_drawings.read(session_cache.places.drawn_digits)))


def kept_report(session_cache: SessionCache, request: KeptReportRequest) -> KeptReport:
    opened = open_net(session_cache, request.run, request.step)
    digits = user_drawings.read(session_cache.places.drawn_digits)
    confusion = np.zeros((10, 10), dtype=np.int64)
    images = []
    for one in digits:
        pixels = fitting(one.pixels, opened.net.side)
        logits = opened.net.logits(pixels[None])[0]
        images.append(KeptPicture(one.mark, **shown(pixels, one.label, logits)))
        confusion[one.label, logits.argmax()] += 1
    accuracy = float(confusion.trace() / len(digits)) if digits else None
    return KeptReport(
        **head(opened), count=len(digits), accuracy=accuracy, confusion=confusion.tolist(), images=images
    )


HANDLERS: Mapping[Any, Handler] = {
    ExploreRequest: explore,
    ModelRequest: model,
    protocol.NetworksTableRequest: mnist_table.table,
    protocol.ReportRequest: mnist_reports.report,
    protocol.CellRequest: mnist_reports.cell,
    protocol.WorstRequest: mnist_reports.worst,
    protocol.RobustnessRequest: mnist_reports.robustness,
    protocol.FiltersRequest: mnist_network.filters,
    protocol.HistoryRequest: mnist_network.history,
    protocol.MapsRequest: mnist_network.maps,
    protocol.PredictRequest: mnist_network.predict,
    protocol.SaliencyRequest: mnist_network.saliency,
    protocol.KeepRequest: keep,
    protocol.DropRequest: drop,
    protocol.KeptReportRequest: kept_report,
}
