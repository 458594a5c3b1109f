"""What a rehearsal found: the JSON that machines read and the table that people read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from rehearsal.screen import Screen


@dataclass(frozen=True)
class Result:
    """The outcome of one check; `name` is the sentence that was checked."""

    name: str
    ok: bool
    seconds: float
    detail: str


@dataclass(frozen=True)
class Figure:
    """What a check measured: a ratio, or seconds where its name says so, and the most that it should be."""

    name: str
    value: float
    goal: float
    detail: str


@dataclass
class Report:
    """The report of a rehearsal; `template` as rehearsal.ledger gives it, times in seconds."""

    tier: str
    template: dict[str, Any] = field(
        default_factory=lambda: {
            "resources": 0,
            "created": 0,
            "missing": [],
            "stand_ins": {},
            "properties": {"given": 0, "compared": 0, "differ": []},
        }
    )
    not_rehearsed: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    checks: list[Result] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    seconds: float = 0.0
    partial: bool = False  # only some checks were asked for
    part: str = ""  # what alone was rehearsed; empty for a whole tier
    left_out: dict[str, str] = field(default_factory=dict)  # checks that could not run here, and what each takes

    @property
    def ok(self) -> bool:
        whole = self.partial or not self.template["missing"]
        return bool(self.checks) and all(check.ok for check in self.checks) and whole

    @classmethod
    def read(cls, file: Path) -> Report:
        """The report that a rehearsal wrote."""
        body = json.loads(file.read_text())
        checks = [Result(**check) for check in body["checks"]]
        kept = {key: body[key] for key in ("tier", "template", "not_rehearsed", "timings", "seconds")}
        figures = [Figure(**figure) for figure in body.get("figures", [])]
        return cls(**kept, checks=checks, figures=figures)

    def write(self, file: Path) -> None:
        """Writes the report as JSON, whole or not at all."""
        body = {
            "tier": self.tier,
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "template": self.template,
            "not_rehearsed": self.not_rehearsed
            + [f"not checked, since it takes {what}: {each}" for each, what in self.left_out.items()],
            "timings": self.timings,
            "checks": [check.__dict__ for check in self.checks],
            "figures": [figure.__dict__ for figure in self.figures],
        }
        if self.part:
            body["part"] = self.part
        write_whole(file, body)

    def show(self, screen: Screen) -> None:
        """Prints the checks, where the time went and what was not rehearsed."""
        what = f"Tier {self.tier}, its {self.part} side alone" if self.part else f"Tier {self.tier}, rehearsed"
        table = Table(title=what, title_justify="left", show_edge=False, pad_edge=False)
        table.add_column("", width=1)
        table.add_column("What must be true", ratio=3, overflow="fold")
        table.add_column("s", justify="right", style="dim")
        table.add_column("What was seen", ratio=2, style="dim", overflow="fold")
        for check in self.checks:
            table.add_row("[green]✓[/]" if check.ok else "[red]✗[/]", check.name, f"{check.seconds:.1f}", check.detail)
        for left_out, what in self.left_out.items():
            table.add_row("[yellow]–[/]", left_out, "", f"not checked: takes {what}")
        screen.console.print()
        screen.console.print(table)
        properties = self.template["properties"]
        screen.console.print(
            f"\n{self.template['created']} of {self.template['resources']} resources created, "
            f"{properties['compared']} of {properties['given']} properties compared, {len(properties['differ'])} differ",
            markup=False,
        )
        screen.console.print(
            "Where the time went: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.timings.items()),
            markup=False,
            style="dim",
        )
        for figure in self.figures:
            screen.console.print(
                f"{figure.name}: {figure.value:.2f}, at most {figure.goal:g} is wanted ({figure.detail})", markup=False
            )
        screen.console.print("Not rehearsed:", style="bold")
        marked = [f"{len(self.left_out)} checks, marked – above"] if self.left_out else []
        for sentence in self.not_rehearsed + marked:
            screen.console.print(f"  · {sentence}", markup=False)
        screen.console.print(f"\n{'[green]ok[/]' if self.ok else '[red]fell short[/]'} after {self.seconds:.0f} s")


def write_whole(file: Path, body: dict[str, Any]) -> None:
    """Writes a body as JSON, whole or not at all, in a folder that is made if it is not there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
    draft.replace(file)
