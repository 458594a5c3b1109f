"""Findings as a table for a person."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from operate.finding import Finding, State

_STYLES = {State.OK: "green", State.WARNING: "yellow", State.STOPS: "red"}


def show(console: Console, title: str, findings: Sequence[Finding]) -> None:
    """Prints a row for each finding: what was seen, and below it what to do."""
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("What was seen, and what to do", overflow="fold")
    told: set[str] = set()
    for finding in findings:
        style = _STYLES[finding.state]
        table.add_row(f"[{style}]{finding.state}[/]", escape(finding.name), escape(finding.seen))
        if finding.do:
            table.add_row("", "", f"[bold]→[/] {'the same as above' if finding.do in told else escape(finding.do)}")
            told.add(finding.do)
    console.print(table)


def sum_up(findings: Sequence[Finding]) -> str:
    """How many of each there are."""
    counts = {state: sum(finding.state is state for finding in findings) for state in State}
    words = {State.OK: "ok", State.WARNING: "to look at", State.STOPS: "that stop a deployment"}
    return ", ".join(f"{count} {words[state]}" for state, count in counts.items() if count)
