"""The check of a cluster before it is joined, with a fake Ray."""

from __future__ import annotations

import socket
import sys
import threading
import types
from collections.abc import Callable

import pytest

from engine.errors import EngineError
from engine.remote import ray_cluster


class Refusal(Exception):
    """Raised by the fake Ray for a wrong token."""


def _ray(monkeypatch: pytest.MonkeyPatch, client: Callable[..., object]) -> None:
    module = types.ModuleType("ray._raylet")
    monkeypatch.setattr(module, "GcsClient", client, raising=False)
    monkeypatch.setitem(sys.modules, "ray", types.ModuleType("ray"))
    monkeypatch.setitem(sys.modules, "ray._raylet", module)


def test_errors_of_the_head_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*, address: str) -> None:
        raise Refusal(address)

    _ray(monkeypatch, refuse)
    with pytest.raises(Refusal, match=r"10\.0\.0\.5:6379"):
        ray_cluster.probe("10.0.0.5:6379")


def test_a_head_that_answers_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    _ray(monkeypatch, lambda *, address: calls.append(address))
    ray_cluster.probe("10.0.0.5:6379")
    assert calls == ["10.0.0.5:6379"]


def test_a_head_that_never_answers_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster, "PROBE_SECONDS", 0.05)
    never = threading.Event()
    _ray(monkeypatch, lambda *, address: never.wait(60))
    with pytest.raises(
        EngineError, match=r"Something listens at .*, but no Ray cluster answers within 0.05 s"
    ):
        ray_cluster.probe("10.0.0.5:6379")
    never.set()


def test_without_a_client_in_ray_the_check_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", types.ModuleType("ray"))
    monkeypatch.setitem(sys.modules, "ray._raylet", types.ModuleType("ray._raylet"))
    ray_cluster.probe("10.0.0.5:6379")


@pytest.mark.parametrize("address", ["nowhere", "http://10.0.0.5:6379", "10.0.0.5:", "10.0.0.5:port"])
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(EngineError, match="expected host:port or auto"):
        ray_cluster.check_address(address)


def test_an_address_where_nothing_listens_is_refused() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(EngineError, match="No Ray cluster answers at"):
            ray_cluster.check_address(address)
