"""The wire never blocks and never believes noise."""

from __future__ import annotations

import os

from engine.worker import keeper_pipe
from engine.worker.keeper_pipe import LINE_LIMIT, KeeperPipe


def pair() -> tuple[KeeperPipe, int]:
    read, write = os.pipe()
    return KeeperPipe(read), write


def test_words_come_in_order_and_torn_ones_are_put_together() -> None:
    heard, say = pair()
    assert heard.words() == []
    os.write(say, b'{"word":"pause"}\n{"word":"set","na')
    assert heard.words() == [{"word": "pause"}]
    os.write(say, b'me":"lr","value":0.1}\n')
    assert heard.words() == [{"word": "set", "name": "lr", "value": 0.1}]


def test_noise_is_passed_over() -> None:
    heard, say = pair()
    os.write(say, b'garbage\n[1]\n{"verb":1}\n{"word":3}\n\xff\n{"word":"stop"}\n')
    assert heard.words() == [{"word": "stop"}]


def test_a_word_without_an_end_does_not_grow_for_ever() -> None:
    heard, say = pair()
    os.set_blocking(say, False)
    for _ in range(8):
        os.write(say, b"x" * (LINE_LIMIT // 2))
        assert heard.words() == []
    assert len(heard._torn) <= LINE_LIMIT
    os.write(say, b'\n{"word":"stop"}\n')
    assert heard.words() == [{"word": "stop"}]


def test_the_end_of_the_wire_is_known() -> None:
    heard, say = pair()
    os.write(say, b'{"word":"pause"}\n')
    os.close(say)
    assert heard.words() == [{"word": "pause"}]
    assert heard.is_cut
    assert heard.words() == []


def test_a_worker_by_itself_has_no_wire() -> None:
    alone = KeeperPipe(None)
    assert alone.words() == [] and not alone.is_cut


def test_the_strings_leave_the_environment_and_are_not_inherited() -> None:
    read, write = os.pipe()
    os.set_inheritable(read, True)
    environ = {"DLTUI_WIRE": str(read), "DLTUI_LOCK": "not a number", "OTHER": "1"}
    strings = keeper_pipe.take(environ)
    assert strings == keeper_pipe.Strings(read, None, None)
    assert environ == {"OTHER": "1"}
    assert not os.get_inheritable(read)
    os.close(write)


def test_last_words_to_a_dead_keeper_are_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    keeper_pipe.say(write, {"status": "done"})
    keeper_pipe.say(None, {"status": "done"})
