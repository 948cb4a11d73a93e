"""Tests of `dltui export --mlflow` against a small server with MLflow's limits."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from typing import Any

import pytest

from engine.errors import DltuiError, InputError
from engine.fold import CurvePoints
from engine.protocol import Cause, CauseKind, Imported, Running, RunSummary, State
from tests.fakes.engine import done, failed, make_run
from tests.tui.cli.mlflow_double import MlflowDouble, serving
from tui.cli import mlflow_export, mlflow_server
from tui.cli.mlflow_export import SentRun


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowDouble]:
    for name in (mlflow_server.TOKEN, mlflow_server.USER, mlflow_server.PASSWORD, "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with serving() as found:
        yield found


def run_of(state: State | None = None, **facts: Any) -> RunSummary:
    return make_run(1, name="first", created=1_700_000_000.0, state=state or done(), **facts)


def curve(*values: float, first: int = 0) -> CurvePoints:
    steps = list(range(first, first + len(values)))
    return CurvePoints(steps, [1_700_000_000.0 + step / 1000 for step in steps], list(values))


def export(server: MlflowDouble, run: RunSummary, **curves: CurvePoints) -> SentRun:
    return mlflow_export.export(mlflow_server.server_at(server.url), run, curves)


def points(run: dict[str, Any], metric: str) -> list[tuple[int, object, int]]:
    return [(one["step"], one["value"], one["timestamp"]) for one in run["metrics"] if one["key"] == metric]


def test_a_run_is_sent_with_params_metrics_tags_status_begin_and_end(server: MlflowDouble) -> None:
    run = run_of(failed(), params={"lr": 0.1, "epochs": 5}, tags=("baseline", "v2"), note="why not")
    sent = export(server, run, loss=curve(1.0, 0.5))
    (found,) = server.runs
    assert (sent.points, sent.was_known, sent.run_id) == (2, False, "r0")
    assert list(server.experiments) == ["xor"]
    assert found["info"]["run_name"] == "first" and found["info"]["start_time"] == 1_700_000_000_000
    assert found["info"]["status"] == "FAILED" and found["info"]["end_time"] == round(run.ended_at * 1000)
    assert found["params"]["lr"] == "0.1" and found["params"]["seed"] == "1"
    assert points(found, "loss") == [(0, 1.0, 1_700_000_000_000), (1, 0.5, 1_700_000_000_001)]
    assert found["tags"]["dltui.run"] == run.id and found["tags"]["dltui.tags"] == "baseline, v2"
    assert found["tags"]["mlflow.note.content"] == "why not"
    assert found["tags"]["dltui.cause"] == "The loss is not a number since step 41."


def test_batches_are_as_large_as_the_api_takes(server: MlflowDouble) -> None:
    params = {f"p{number}": number for number in range(250)}
    sent = export(server, run_of(params=params), a=curve(*map(float, range(1500))), b=curve(1.0, 2.0))
    (found,) = server.runs
    assert sent.points == 1502 and len(points(found, "a")) == 1500
    assert {f"p{number}" for number in range(250)} <= found["params"].keys()
    assert sum(path.endswith("log-batch") for path, _ in server.requests) == 3 + 1 + 2


def test_nan_and_infinities_are_sent_as_protobuf_writes_them(server: MlflowDouble) -> None:
    export(server, run_of(), odd=curve(math.nan, math.inf, -math.inf))
    assert [value for _, value, _ in points(server.runs[0], "odd")] == ["NaN", "Infinity", "-Infinity"]


def test_a_second_export_adds_to_the_same_run_what_came_since(server: MlflowDouble) -> None:
    first = export(server, run_of(Running(1_700_000_000.0)), loss=curve(1.0, 0.5))
    assert server.runs[0]["info"]["status"] == "RUNNING" and "end_time" not in server.runs[0]["info"]
    again = export(server, run_of(), loss=curve(1.0, 0.5, 0.25), late=curve(7.0))
    assert (again.run_id, again.points, again.was_known) == (first.run_id, 2, True)
    (found,) = server.runs
    assert [step for step, _, _ in points(found, "loss")] == [0, 1, 2]
    assert points(found, "late") == [(0, 7.0, 1_700_000_000_000)]
    assert found["info"]["status"] == "FINISHED"
    assert export(server, run_of(), loss=curve(1.0, 0.5, 0.25), late=curve(7.0)).points == 0


def test_names_that_mlflow_does_not_take_are_changed_and_told(server: MlflowDouble) -> None:
    metrics = {"loss(x)": curve(1.0), "loss_x_": curve(2.0), "../up": curve(3.0), "a//b": curve(4.0)}
    sent = export(server, run_of(), **metrics)
    assert sent.renamed == {"loss(x)": "loss_x__2", "../up": "__up", "a//b": "_a__b"}
    assert points(server.runs[0], "loss_x_")[0][1] == 2.0 and points(server.runs[0], "loss_x__2")[0][1] == 1.0


def test_an_imported_run_of_mlflow_has_its_status_and_tags_again(server: MlflowDouble) -> None:
    state = Imported(1_800_000_000.0, Cause(CauseKind.IMPORTED, "read from /logs"))
    params = {"lr": 0.1, "tags.team": "vision", "mlflow.status": "KILLED"}
    export(server, run_of(state, experiment="mlflow", params=params, train_seconds=60.0), loss=curve(1.0))
    (found,) = server.runs
    assert found["info"]["status"] == "KILLED" and found["info"]["end_time"] == 1_700_000_060_000
    assert found["params"] == {"lr": "0.1"} and found["tags"]["team"] == "vision"
    assert "/logs" not in str(found)


def test_the_experiment_may_be_named_and_a_deleted_one_is_refused(
    server: MlflowDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    server.experiments["mine"] = "deleted"
    with pytest.raises(DltuiError, match=r"the experiment 'mine' is deleted there\. Restore it"):
        export(server, run_of())


def test_token_or_user_and_password_log_in_and_are_in_no_message(
    server: MlflowDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mlflow_server.TOKEN, "secret")
    export(server, run_of())
    assert {login for _, login in server.requests} == {"Bearer secret"}
    server.requests.clear()
    address = server.url.replace("//", "//me:pass%40word@")
    found = mlflow_server.server_at(address)
    server.answer = 401, "text/plain", b"no"
    with pytest.raises(DltuiError) as raised:
        mlflow_export.export(found, run_of(), {})
    assert server.requests[0][1] == "Basic " + base64.b64encode(b"me:pass@word").decode()
    assert "got HTTP 401" in str(raised.value) and "Set MLFLOW_TRACKING_TOKEN" in str(raised.value)
    assert "pass" not in str(raised.value).replace("MLFLOW_TRACKING_PASSWORD", "")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((200, "text/html", b"<html>a shop"), "expected an object as JSON, got text/html"),
        ((200, "application/json", b"{}"), "MLflow's answer has no 'experiment'"),
        ((500, "text/plain", b"broken"), "expected HTTP 200, got HTTP 500: 'broken'"),
        ((302, "text/plain", b""), "Name the address that it names: http://elsewhere.invalid/"),
        (
            (400, "application/json", rb'{"error_code": "X", "message": "too\nlong"}'),
            "got HTTP 400 X: too long",
        ),
    ],
)
def test_an_answer_of_another_kind_is_told_with_the_address(
    server: MlflowDouble, answer: tuple[int, str, bytes], told: str
) -> None:
    server.answer = answer
    with pytest.raises(DltuiError) as raised:
        export(server, run_of())
    assert told in str(raised.value)
    if "MLflow's answer" not in told:
        assert f"GET {server.url}/api/2.0/mlflow/experiments/get-by-name" in str(raised.value)


def test_a_server_that_is_not_there_is_told(server: MlflowDouble) -> None:
    found = mlflow_server.server_at(server.url)
    server.server_close()
    with pytest.raises(DltuiError, match=r"cannot be reached: .*Start the server"):
        mlflow_export.export(found, run_of(), {})


@pytest.mark.parametrize(
    "url", ["", "localhost:5000", "ftp://host", "http://", "http://a b", "http://host:x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="expected http://HOST:PORT"):
        mlflow_server.server_at(url)
