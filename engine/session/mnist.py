"""Handlers of `mnist.*`: the data, and the predictions, reports, filters and maps of trained networks.

Whatever is computed from the data set uses the one that the run itself was trained, validated and tested on,
found in the folder that its spec names; a request raises DataError where that folder holds other data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.models.images import conv_net
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
from engine.session_protocol import mnist as protocol
from engine.session_protocol.mnist import (
    ExploredData,
    ExploreRequest,
    ListedMnistRuns,
    MnistRun,
    MnistRunsRequest,
    ModelRequest,
    NetworkFacts,
    NetworkLayer,
)


def explore(session_cache: SessionCache, request: ExploreRequest) -> ExploredData:
    pictures = mnist_sets.current_pictures(session_cache)
    key = ("mnist.explore", pictures.digits.fingerprint, request.samples)
    return session_cache.get(key, lambda: mnist_statistics.explore(pictures, request.samples))


def runs(session_cache: SessionCache, _: MnistRunsRequest) -> ListedMnistRuns:
    """Folders that cannot be read are left out: the run table shows their errors."""
    return ListedMnistRuns(
        [
            MnistRun(folder.id, spec.name, dict(spec.params), spec.created_at, steps(folder))
            for folder, spec in all_runs(session_cache)
        ]
    )


def model(session_cache: SessionCache, request: ModelRequest) -> NetworkFacts:
    opened = open_net(session_cache, request.run, request.step)
    pictures = mnist_sets.run_pictures(session_cache, opened)
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


HANDLERS: Mapping[Any, Handler] = {
    ExploreRequest: explore,
    MnistRunsRequest: runs,
    ModelRequest: model,
    protocol.NetworksTableRequest: mnist_table.table,
    protocol.ReportRequest: mnist_reports.report,
    protocol.CellRequest: mnist_reports.cell,
    protocol.WorstRequest: mnist_reports.worst,
    protocol.ImagesRequest: mnist_reports.images,
    protocol.RobustnessRequest: mnist_robustness.robustness,
    protocol.FiltersRequest: mnist_network.filters,
    protocol.HistoryRequest: mnist_history.history,
    protocol.MapsRequest: mnist_network.maps,
    protocol.PredictRequest: mnist_network.predict,
    protocol.SaliencyRequest: mnist_network.saliency,
    protocol.KeepRequest: mnist_drawings.keep,
    protocol.KeptRequest: mnist_drawings.kept,
    protocol.DropRequest: mnist_drawings.drop,
    protocol.KeptReportRequest: mnist_drawings.kept_report,
}
