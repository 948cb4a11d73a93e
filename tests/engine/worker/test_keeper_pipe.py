"""Reading the keeper's pipe never blocks, and lines that are no commands are ignored."""

from __future__ import annotations

import os

from engine.worker import keeper_pipe
from engine.worker.keeper_pipe import LINE_LIMIT, KeeperPipe


def pair() -> tuple[KeeperPipe, int]:
    read, write = os.pipe()
    return KeeperPipe(read), write


def test_commands_arrive_in_order_and_partial_ones_are_joined() -> None:
    pipe, fd = pair()
    assert pipe.commands() == []
    os.write(fd, b'{"word":"pause"}\n{"word":"set","na')
    assert pipe.commands() == [{"word": "pause"}]
    os.write(fd, b'me":"lr","value":0.1}\n')
    assert pipe.commands() == [{"word": "set", "name": "lr", "value": 0.1}]


def test_lines_that_are_no_commands_are_ignored() -> None:
    pipe, fd = pair()
    os.write(fd, b'garbage\n[1]\n{"verb":1}\n{"word":3}\n\xff\n{"word":"stop"}\n')
    assert pipe.commands() == [{"word": "stop"}]


def test_a_line_without_an_end_is_dropped_at_the_limit() -> None:
    pipe, fd = pair()
    os.set_blocking(fd, False)
    for _ in range(8):
        os.write(fd, b"x" * (LINE_LIMIT // 2))
        assert pipe.commands() == []
    assert len(pipe._pipe._partial) <= LINE_LIMIT
    os.write(fd, b'\n{"word":"stop"}\n')
    assert pipe.commands() == [{"word": "stop"}]


def test_the_end_of_the_pipe_is_detected() -> None:
    pipe, fd = pair()
    os.write(fd, b'{"word":"pause"}\n')
    os.close(fd)
    assert pipe.commands() == [{"word": "pause"}]
    assert pipe.is_closed
    assert pipe.commands() == []


def test_a_worker_without_a_keeper_has_no_pipe() -> None:
    pipe = KeeperPipe(None)
    assert pipe.commands() == [] and not pipe.is_closed


def test_the_descriptors_are_removed_from_the_environment_and_not_inherited() -> None:
    read, write = os.pipe()
    os.set_inheritable(read, True)
    environ = {"DLTUI_WIRE": str(read), "DLTUI_LOCK": "not a number", "OTHER": "1"}
    descriptors = keeper_pipe.pop_descriptors(environ)
    assert descriptors == keeper_pipe.KeeperDescriptors(read, None, None)
    assert environ == {"OTHER": "1"}
    assert not os.get_inheritable(read)
    os.close(write)


def test_an_exit_message_to_a_dead_keeper_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    keeper_pipe.send_exit_message(write, {"status": "done"})
    keeper_pipe.send_exit_message(None, {"status": "done"})
