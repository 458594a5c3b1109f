"""What the breaks showed: the JSON that machines read and the table that people read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from rehearsal.report import shortened, show_verdict, write_whole
from rehearsal.screen import Screen

_LONGEST = 240


@dataclass(frozen=True)
class Outcome:
    """What one break showed: `said` is the check's own word on it, `fault` what is wrong with that, if anything."""

    check: str
    broken: str
    ok: bool
    seconds: float
    said: str
    fault: str = ""


@dataclass
class BreakReport:
    """The report of a run of breaks; times in seconds."""

    tier: str
    outcomes: list[Outcome] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    unfinished: str = ""  # why they did not come to their end, if they did not

    @property
    def ok(self) -> bool:
        return bool(self.outcomes) and all(outcome.ok for outcome in self.outcomes) and not self.unfinished

    def write(self, file: Path) -> None:
        """Writes the report as JSON, whole or not at all."""
        body = {
            "tier": self.tier,
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "timings": self.timings,
            "breaks": [outcome.__dict__ for outcome in self.outcomes],
        }
        if self.unfinished:
            body["unfinished"] = self.unfinished
        write_whole(file, body)

    def show(self, screen: Screen) -> None:
        """Prints what was broken and what the check said to it."""
        table = Table(
            title=f"Tier {self.tier}, broken on purpose", title_justify="left", show_edge=False, pad_edge=False
        )
        table.add_column("", width=1)
        table.add_column("What was broken", ratio=2, overflow="fold")
        table.add_column("s", justify="right", style="dim")
        table.add_column("The check", ratio=2, style="dim", overflow="fold")
        table.add_column("What it said", ratio=3, overflow="fold")
        for each in self.outcomes:
            mark = "[green]✓[/]" if each.ok else "[red]✗[/]"
            said = escape(shortened(each.fault or each.said, _LONGEST))
            table.add_row(mark, escape(each.broken), f"{each.seconds:.1f}", escape(each.check), said)
        screen.console.print()
        screen.console.print(table)
        red = sum(each.ok for each in self.outcomes)
        faults = [f"{each.broken}: {each.fault or each.said}" for each in self.outcomes if not each.ok]
        counted = f"{red} of {len(self.outcomes)} breaks were seen; "
        show_verdict(screen, counted, ok=self.ok, seconds=self.seconds, faults=faults)
