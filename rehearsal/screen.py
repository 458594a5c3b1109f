"""What a person sees while a rehearsal works: one line a step with its time, and a spinner while it lasts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape


class Say(Protocol):
    """Says what a step is doing just now."""

    def __call__(self, what: str, /) -> None: ...


class Screen:
    """Prints steps to the terminal, or plain lines where there is none, and remembers how long each took."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, emoji=False)
        self.timings: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, sentence: str) -> Iterator[Say]:
        """Shows a step under way; its seconds are kept under `name`."""
        began = time.monotonic()
        with self.console.status(escape(sentence)) as status:

            def say(what: str, /) -> None:
                status.update(f"{escape(sentence)} [dim]· {escape(what)}[/]")

            try:
                yield say
            except BaseException:
                self.console.print(f"[red]✗[/] {escape(sentence)} [dim]{time.monotonic() - began:.1f} s[/]")
                raise
        self.timings[name] = round(time.monotonic() - began, 1)
        self.console.print(f"[green]✓[/] {escape(sentence)} [dim]{self.timings[name]:.1f} s[/]")

    def note(self, sentence: str) -> None:
        self.console.print(f"  [dim]{escape(sentence)}[/]")
