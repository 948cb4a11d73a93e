"""The stream of a run's events: no gap and no duplicate, whatever crashes left in the file."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import fold, frames, store
from engine.client.client import EventBatch, parse_events
from engine.events import Event, EventWriter, damaged_lines
from engine.fold import CurvePoints, MetricCurves, wall_clock
from engine.places import Places
from engine.protocol import Status
from engine.service.server import client_connection
from engine.service.server.client_connection import EventTail, join_lines
from tests.engine.service.live import SECONDS, connect, reach, serving
from tests.fakes import waits
from tests.timeouts import LONG, quiet_seconds
from tui.data.run_history import RunHistory


def read_all(path: Path, after: int = 0) -> list[dict[str, object]]:
    with contextlib.closing(EventTail(path, after)) as tail:
        events_read = []
        while (piece := tail.read()) is not None:
            events_read += json.loads(b"[" + piece.items + b"]")
        return events_read


def line(seq: int, **facts: object) -> bytes:
    return (
        json.dumps({"seq": seq, "at": 1.0, "kind": "note", **facts}, separators=(",", ":")).encode() + b"\n"
    )


def test_without_a_file_there_are_no_events(tmp_path: Path) -> None:
    tail = EventTail(tmp_path / "e")
    assert tail.read() is None
    (tmp_path / "e").write_bytes(line(1))
    assert tail.read() == (line(1)[:-1], 0) and tail.read() is None
    tail.close()


def test_an_incomplete_last_line_is_sent_once_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "e"
    path.write_bytes(line(1) + line(2)[:10])
    tail = EventTail(path)
    assert tail.read() == (line(1)[:-1], 0) and tail.read() is None
    with path.open("ab") as file:
        file.write(line(2)[10:])
    assert tail.read() == (line(2)[:-1], 0)
    tail.close()


@given(
    st.lists(st.text(max_size=20), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.integers(1, 60)), max_size=4),
    st.integers(0, 14),
)
def test_incomplete_lines_are_left_out_and_all_others_are_sent(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], tears: list[tuple[int, int]], after: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "e"
    torn = dict(tears)
    raw, whole = b"", []
    for seq, text in enumerate(texts, 1):
        one = line(seq, text=text, facts={"a": {"b": 1}})
        if seq in torn and torn[seq] < len(one) - 1:
            raw += one[: torn[seq]] + b"\n"
        else:
            raw += one
            whole.append(seq)
    path.write_bytes(raw)
    assert [event["seq"] for event in read_all(path, after)] == [seq for seq in whole if seq > after]


def delivered(path: Path) -> tuple[list[Event], int]:
    """(events of a file as a client receives them in frames, number of damaged lines)."""
    found: list[Event] = []
    left_out = 0
    with contextlib.closing(EventTail(path)) as tail:
        while (piece := tail.read()) is not None:
            facts = f'"id":1,"left_out":{piece.left_out},"events"' if piece.left_out else '"id":1,"events"'
            frame = frames.encode_raw(facts.encode(), [piece.items] if piece.items else [])
            message = frames.parse(frame[4:])
            events, wrong = parse_events(message["events"], found[-1].seq if found else 0)
            found += events
            left_out += wrong + int(message.get("left_out", 0))
    return found, left_out


def test_a_line_cut_behind_an_inner_brace_does_not_damage_its_frame(tmp_path: Path) -> None:
    torn = b'{"seq":2,"at":1.0,"kind":"metrics","series":{"loss":[[1],[2]]}\n'
    (tmp_path / "e").write_bytes(line(1) + torn + line(3))
    found, left_out = delivered(tmp_path / "e")
    assert [event.seq for event in found] == [1, 3] and left_out == 1


def test_braces_in_strings_are_no_damage() -> None:
    chunk = line(1, text="}}}{") + line(2, text='}\n{"seq":') + line(3)
    assert [event["seq"] for event in json.loads(b"[" + join_lines(chunk).items + b"]")] == [1, 2, 3]


def metrics_line(seq: int) -> bytes:
    series = {"loss": [[seq, seq + 1], [0.5, "nan"]]}
    event = {"seq": seq, "at": 1.5, "kind": "metrics", "series": series}
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"


def test_a_flipped_bit_damages_only_its_line_and_the_others_can_be_folded(tmp_path: Path) -> None:
    """Each bit of the middle line of five; lines that are not events are counted, or found by verify."""
    path = tmp_path / "e"
    whole = [metrics_line(seq) for seq in range(1, 6)]
    start = len(whole[0]) + len(whole[1])
    for bit in range(8 * len(whole[2])):
        data = bytearray(b"".join(whole))
        data[start + bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        found, left_out = delivered(path)
        story = RunHistory("run")
        story.fold(EventBatch(tuple(found)))
        for event in found:
            fold.add(event, MetricCurves(CurvePoints, wall_clock))
        seqs = [event.seq for event in found]
        assert {1, 2, 5} <= set(seqs) and seqs == sorted(set(seqs)), bytes(data)
        assert len(seqs) == 5 or left_out or list(damaged_lines(path)), bytes(data)


@pytest.mark.parametrize(
    "damaged",
    [
        {"kind": "metrics", "series": {"loss": [[10**400], [0.5]]}},
        {"kind": "metrics", "series": {"loss": [[1], [10**400]]}},
        {"kind": "metrics", "series": {"loss": [[1], [float("inf")]]}},
        {"kind": "metrics", "series": {"loss": "\x1b[2J"}},
        {"kind": "metrics"},
        {"kind": "checkpoint", "step": None},
        {"kind": "checkpoint", "step": 10**400},
        {"kind": "restored"},
        {"kind": "set", "step": 10**400, "name": 7, "value": []},
        {"kind": "sketch", "step": 10**400, "parts": {}},
        {"kind": "ended", "step": 10**400, "status": "paused"},
        {"kind": "note", "text": [[[]]]},
        {"kind": "started", "total_steps": "x"},
        {"kind": 5},
    ],
)
def test_facts_of_any_type_can_be_folded(tmp_path: Path, damaged: dict[str, object]) -> None:
    path = tmp_path / "e"
    odd = json.dumps({"seq": 2, "at": 1.5, **damaged}).replace("Infinity", "1e999").encode()
    path.write_bytes(metrics_line(1) + odd.replace(b'{"seq": 2', b'{"seq":2') + b"\n" + metrics_line(3))
    found, _ = delivered(path)
    assert [event.seq for event in found if event.seq != 2] == [1, 3]
    story, curves = RunHistory("run"), MetricCurves(CurvePoints, wall_clock)
    story.fold(EventBatch(tuple(found)))
    for event in found:
        fold.add(event, curves)
    assert story.series["loss"].steps.tolist()[-1] == 4 and curves.by_metric["loss"].steps[-1] == 4


def test_lines_longer_than_a_chunk_are_sent_and_longer_than_a_frame_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_connection, "CHUNK", 1000)
    monkeypatch.setattr(client_connection, "LINE_LIMIT", 9000)
    path = tmp_path / "e"
    path.write_bytes(line(1) + line(2, text="x" * 5000) + line(3, text="y" * 50_000) + line(4) + line(5))
    assert [event["seq"] for event in read_all(path)] == [1, 2, 4, 5]
    assert [event["seq"] for event in read_all(path, after=2)] == [4, 5]


async def test_a_stream_has_no_gap_and_no_duplicate_while_the_writer_writes(places: Places) -> None:
    """Six readers start at different times, from different events, while events are written."""
    async with serving(places), await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 400}, name="fast")
        joined = []
        for n in range(6):
            joined.append(asyncio.create_task(_collect(places, made.id, after=n * 20)))
            await asyncio.sleep(0.02)
        await reach(service_client, made.id, Status.DONE)
        received = await asyncio.wait_for(asyncio.gather(*joined), LONG)
        last = read_all(store.folder_of(places, made.id).events)[-1]["seq"]
    for n, seqs in enumerate(received):
        assert seqs == list(range(n * 20 + 1, int(str(last)) + 1))


async def test_a_stream_of_a_resumed_run_continues_and_one_of_a_paused_run_ends(places: Places) -> None:
    async with serving(places), await connect(places) as service_client:
        made = await service_client.submit("xor", {"epochs": 3000})
        hearing = asyncio.create_task(_collect(places, made.id, after=0))
        deadline = quiet_seconds() + SECONDS
        while (await service_client.show(made.id)).step < 3:
            assert quiet_seconds() < deadline
            await asyncio.sleep(0.02)
        await service_client.pause(made.id)
        first = await asyncio.wait_for(hearing, LONG)
        await reach(service_client, made.id, Status.PAUSED)
        waits.skip(places.root)
        await service_client.resume(made.id)
        rest = await asyncio.wait_for(_collect(places, made.id, after=first[-1]), LONG)
        assert first + rest == list(range(1, rest[-1] + 1))
        assert (await service_client.show(made.id)).status is Status.DONE


async def test_events_written_by_hand_arrive_at_once_and_once(places: Places) -> None:
    async with serving(places) as service, await connect(places) as service_client:
        service.machine.meter.cores = 1
        await service_client.submit("xor", {"epochs": 5000})
        queued = await service_client.submit("xor", {"epochs": 1})
        writer = EventWriter(store.folder_of(places, queued.id).events)
        received: list[int] = []
        caught_up = asyncio.Event()

        async def listen() -> None:
            async for batch in service_client.events(queued.id):
                received.extend(event.seq for event in batch.events)
                if batch.caught_up:
                    caught_up.set()

        listening = asyncio.create_task(listen())
        await asyncio.wait_for(caught_up.wait(), LONG)
        for _ in range(300):
            writer.append("note", text="by hand", severity="note")
            await asyncio.sleep(0)
        deadline = quiet_seconds() + SECONDS
        while len(received) < 300:
            assert quiet_seconds() < deadline
            await asyncio.sleep(0.01)
        assert received == list(range(1, 301))
        listening.cancel()
        writer.close()


async def _collect(places: Places, run: str, after: int) -> list[int]:
    """The numbers of all events until the stream ends."""
    seqs: list[int] = []
    caught_up = 0
    async with await connect(places) as service_client:
        async for batch in service_client.events(run, after):
            seqs += [event.seq for event in batch.events]
            caught_up += batch.caught_up
    assert caught_up == 1
    return seqs
