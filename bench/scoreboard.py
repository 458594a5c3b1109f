"""What `make bench` found: build/bench.json for machines, a table for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from bench.ratio import Ratio
from rehearsal.report import write_whole
from rehearsal.screen import Screen


@dataclass
class Scoreboard:
    """The figures; `not_measured` has a sentence for each that there is none of, and why."""

    ratios: list[Ratio] = field(default_factory=list)
    not_measured: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether something was measured and nothing of it is above its goal."""
        return bool(self.ratios) and all(ratio.holds for ratio in self.ratios)

    def add(self, screen: Screen, *ratios: Ratio) -> None:
        """Keeps figures and tells them at once: what is measured after them takes minutes and may fail."""
        self.ratios += ratios
        for ratio in ratios:
            screen.note(f"{ratio.name}: {ratio.value:.3g}, {ratio.bound}{'' if ratio.holds else ': falls short'}")

    def write(self, file: Path) -> None:
        """Writes the figures as JSON, whole or not at all."""
        body = {"ratios": [ratio.as_json() for ratio in self.ratios], "not_measured": self.not_measured}
        write_whole(file, body)

    def show(self, screen: Screen) -> None:
        table = Table(title="Figures", title_justify="left", show_edge=False, pad_edge=False)
        table.add_column("", width=1)
        table.add_column("Figure", ratio=2, overflow="fold")
        table.add_column("is", justify="right")
        table.add_column("goal", justify="right", style="dim")
        table.add_column("What was measured", ratio=4, style="dim", overflow="fold")
        for ratio in self.ratios:
            mark = "[green]✓[/]" if ratio.holds else "[red]✗[/]"
            table.add_row(mark, ratio.name, f"{ratio.value:.3g}", ratio.bound, ratio.detail)
        screen.console.print()
        screen.console.print(table)
        for sentence in self.not_measured:
            screen.console.print(f"not measured: {sentence}", style="yellow", markup=False)
