"""A small server with the part of MLflow's REST API that an export uses, and its limits."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

LIMITS = {"metrics": 1000, "params": 100, "tags": 100}


class MlflowDouble(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.experiments: dict[str, str] = {}
        """name -> stage"""
        self.runs: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str]] = []
        """(path, Authorization)"""
        self.answer: tuple[int, str, bytes] | None = None
        """status, content type and body of all answers, in place of those of MLflow"""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Refusal(Exception):
    pass


class _Handler(BaseHTTPRequestHandler):
    server: MlflowDouble
    protocol_version: ClassVar[str] = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})

    def do_POST(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def _serve(self, facts: dict[str, Any]) -> None:
        path = urlsplit(self.path).path
        self.server.requests.append((path, self.headers.get("Authorization", "")))
        try:
            found = _answer(self.server, path.removeprefix("/api/2.0/mlflow/"), facts)
            answer = 200, "application/json", json.dumps(found).encode()
        except Refusal as error:
            code, text = error.args
            status = 404 if code == "RESOURCE_DOES_NOT_EXIST" else 400
            answer = status, "application/json", json.dumps({"error_code": code, "message": text}).encode()
        status, kind, body = self.server.answer or answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "http://elsewhere.invalid/")
        self.end_headers()
        self.wfile.write(body)


def _answer(server: MlflowDouble, method: str, facts: dict[str, Any]) -> dict[str, Any]:
    names = list(server.experiments)
    if method == "experiments/get-by-name":
        name = facts["experiment_name"]
        if name not in names:
            raise Refusal("RESOURCE_DOES_NOT_EXIST", f"Could not find experiment with name {name!r}")
        stage = server.experiments[name]
        return {"experiment": {"experiment_id": str(names.index(name)), "lifecycle_stage": stage}}
    if method == "experiments/create":
        server.experiments[facts["name"]] = "active"
        return {"experiment_id": str(len(names))}
    if method == "runs/search":
        wanted = re.fullmatch(r"tags\.`([\w.]+)` = '([^']*)'", facts["filter"])
        assert wanted is not None
        return {"runs": [_shown(run) for run in server.runs if run["tags"].get(wanted[1]) == wanted[2]]}
    if method == "runs/create":
        run = {
            "info": {"run_id": f"r{len(server.runs)}", **facts}, "metrics": [], "params": {},
            "tags": {one["key"]: one["value"] for one in facts["tags"]},
        }  # fmt: skip
        server.runs.append(run)
        return {"run": {"info": run["info"]}}
    (run,) = (one for one in server.runs if one["info"]["run_id"] == facts["run_id"])
    if method == "runs/update":
        run["info"] |= facts
        return {"run_info": run["info"]}
    assert method == "runs/log-batch"
    return _log(run, facts)


def _log(run: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    for kind, limit in LIMITS.items():
        if len(facts.get(kind, ())) > limit:
            raise Refusal("INVALID_PARAMETER_VALUE", f"A batch of at most {limit} {kind}")
    for one in (*facts.get("metrics", ()), *facts.get("params", ()), *facts.get("tags", ())):
        if not re.fullmatch(r"[\w.\-/: ]{1,250}", one["key"], re.ASCII):
            raise Refusal("INVALID_PARAMETER_VALUE", f"Invalid name: {one['key']!r}")
    for one in facts.get("params", ()):
        if run["params"].setdefault(one["key"], one["value"]) != one["value"]:
            raise Refusal("INVALID_PARAMETER_VALUE", "Changing param values is not allowed.")
    run["metrics"] += facts.get("metrics", ())
    run["tags"] |= {one["key"]: one["value"] for one in facts.get("tags", ())}
    return {}


def _shown(run: dict[str, Any]) -> dict[str, Any]:
    latest: dict[str, dict[str, Any]] = {}
    for one in sorted(run["metrics"], key=lambda point: point["step"]):
        latest[one["key"]] = one
    params = [{"key": name, "value": value} for name, value in run["params"].items()]
    return {"info": run["info"], "data": {"metrics": list(latest.values()), "params": params}}


@contextmanager
def serving() -> Iterator[MlflowDouble]:
    with MlflowDouble() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
