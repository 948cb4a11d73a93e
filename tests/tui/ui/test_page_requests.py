"""Pages that are requested again while they load."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tui.ui.pages import PageRequests


class Workers:
    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []

    def run_worker(self, work: Callable[[], Coroutine[Any, Any, None]], **_: object) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work()))


def test_a_page_requested_while_it_loads_is_loaded_once_more() -> None:
    async def run() -> None:
        node: Any = Workers()
        loaded: list[int] = []
        answer = asyncio.Event()

        async def load(page: int) -> None:
            loaded.append(page)
            await answer.wait()

        requests = PageRequests(node, load, "pages")
        for page in (1, 2, 1):
            requests.add(page)
        await asyncio.sleep(0)
        assert loaded == [1, 2]
        requests.add(1)
        requests.add(1)
        answer.set()
        await asyncio.gather(*node.tasks)
        assert loaded == [1, 2, 1] and len(node.tasks) == 2
        requests.add(1)
        await asyncio.gather(*node.tasks)
        assert loaded == [1, 2, 1, 1]

    asyncio.run(run())
