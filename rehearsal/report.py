"""What a rehearsal found: the JSON that machines read and the table that people read."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rich.markup import escape
from rich.table import Table

from rehearsal.screen import Screen

_LONGEST = 600


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
    unfinished: str = ""  # why it did not come to its end, if it did not

    @property
    def ok(self) -> bool:
        return not self.faults()

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
        if self.unfinished:
            body["unfinished"] = self.unfinished
        write_whole(file, body)

    def show(self, screen: Screen, *, logs: Path | None = None) -> None:
        """Prints the checks, where the time went, what was not rehearsed, and last of all what fell short.

        `logs` is where more is to be read of what fell short.
        """
        what = f"Tier {self.tier}, its {self.part} side alone" if self.part else f"Tier {self.tier}, rehearsed"
        table = Table(title=what, title_justify="left", show_edge=False, pad_edge=False)
        table.add_column("", width=1)
        table.add_column("What must be true", ratio=3, overflow="fold")
        table.add_column("s", justify="right", style="dim")
        table.add_column("What was seen", ratio=2, style="dim", overflow="fold")
        for check in self.checks:
            mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
            table.add_row(mark, escape(check.name), f"{check.seconds:.1f}", escape(check.detail))
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
        show_verdict(screen, "", ok=self.ok, seconds=self.seconds, faults=self.faults(), logs=logs)

    def faults(self) -> list[str]:
        """What fell short, a sentence each; empty where all is well."""
        red = [f"{check.name}: {check.detail}" for check in self.checks if not check.ok]
        if not self.checks:
            red.append("nothing was checked")
        if self.template["missing"] and not self.partial:
            red.append(f"of the template is missing: {', '.join(self.template['missing'])}")
        if self.unfinished:
            red.append(self.unfinished)
        return red


class Kept(Protocol):
    """A report that is written while it is made."""

    seconds: float
    unfinished: str

    def write(self, file: Path) -> None: ...


@contextmanager
def kept(report: Kept, file: Path) -> Iterator[None]:
    """Has a report written however the block ends, and before it begins: the word of an earlier run does not stand for this one."""
    began = time.monotonic()
    report.unfinished = "it did not come to its end"
    report.write(file)
    try:
        yield
    except BaseException as error:
        report.unfinished += f": {type(error).__name__}: {error}"
        raise
    else:
        report.unfinished = ""
    finally:
        report.seconds = time.monotonic() - began
        report.write(file)


def show_verdict(
    screen: Screen, counted: str, *, ok: bool, seconds: float, faults: list[str], logs: Path | None = None
) -> None:
    """Prints how it ended; what fell short comes last, since the end is what is kept of a long output."""
    screen.console.print(f"\n{counted}{'[green]ok[/]' if ok else '[red]fell short[/]'} after {seconds:.0f} s")
    if faults and logs:
        screen.console.print(f"what machines and the local AWS wrote lies in {logs}", markup=False)
    for fault in faults:
        screen.console.print(f"[red]✗[/] {escape(shortened(fault, _LONGEST))}")


def shortened(text: str, longest: int) -> str:
    """A text of at most that many characters: the middle of a longer one is left out."""
    half = (longest - 3) // 2
    return text if len(text) <= longest else f"{text[:half]} … {text[-half:]}"


def write_whole(file: Path, body: dict[str, Any]) -> None:
    """Writes a body as JSON, whole or not at all, in a folder that is made if it is not there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
    draft.replace(file)
