"""What a cluster says before it is joined; Ray itself is left out."""

from __future__ import annotations

import socket
import sys
import threading
import types
from collections.abc import Callable

import pytest

from engine.errors import EngineError
from engine.remote import handshake


class Refusal(Exception):
    """What Ray raises for a token that is not the cluster's."""


def _ray(monkeypatch: pytest.MonkeyPatch, client: Callable[..., object]) -> None:
    module = types.ModuleType("ray._raylet")
    monkeypatch.setattr(module, "GcsClient", client, raising=False)
    monkeypatch.setitem(sys.modules, "ray", types.ModuleType("ray"))
    monkeypatch.setitem(sys.modules, "ray._raylet", module)


def test_what_the_head_raises_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*, address: str) -> None:
        raise Refusal(address)

    _ray(monkeypatch, refuse)
    with pytest.raises(Refusal, match=r"10\.0\.0\.5:6379"):
        handshake.greet("10.0.0.5:6379")


def test_a_head_that_answers_is_all_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    _ray(monkeypatch, lambda *, address: asked.append(address))
    handshake.greet("10.0.0.5:6379")
    assert asked == ["10.0.0.5:6379"]


def test_one_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "PROBE_SECONDS", 0.05)
    never = threading.Event()
    _ray(monkeypatch, lambda *, address: never.wait(60))
    with pytest.raises(
        EngineError, match=r"Something listens at .*, but no Ray cluster answers within 0.05 s"
    ):
        handshake.greet("10.0.0.5:6379")
    never.set()


def test_a_ray_that_cannot_be_asked_is_just_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", types.ModuleType("ray"))
    monkeypatch.setitem(sys.modules, "ray._raylet", types.ModuleType("ray._raylet"))
    handshake.greet("10.0.0.5:6379")


@pytest.mark.parametrize("address", ["nowhere", "http://10.0.0.5:6379", "10.0.0.5:", "10.0.0.5:port"])
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(EngineError, match="expected host:port or auto"):
        handshake.check(address)


def test_where_nobody_listens_no_ray_is_asked() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(EngineError, match="No Ray cluster answers at"):
            handshake.check(address)
