"""The evaluator, started once for all tests of the gate, and a bench for each test."""

from __future__ import annotations

import asyncio
import shutil
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.cloud.permissions import Evaluator
from tests.rehearsal.permissions.world import Bench


@pytest.fixture(scope="session")
def run() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Runs a coroutine in a loop that lives as long as the tests."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def node() -> str:
    """Node, of the environment the tests run in."""
    found = shutil.which("node", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin")
    assert found, "Node is needed, which make installs: type make unit"
    return found


@pytest.fixture(scope="session")
def evaluator(run: Callable[[Coroutine[Any, Any, Any]], Any], node: str) -> Iterator[Evaluator]:
    judge = Evaluator(node=node)
    run(judge.start())
    yield judge
    run(judge.stop())


@pytest.fixture
def bench(run: Callable[[Coroutine[Any, Any, Any]], Any], evaluator: Evaluator) -> Bench:
    return Bench(run, evaluator)
