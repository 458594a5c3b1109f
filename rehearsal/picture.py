"""Draws what the last whole rehearsal printed, and takes over the pages that its browser saw. Usage: python -m rehearsal.picture TIER"""

from __future__ import annotations

import io
import re
import shutil
import sys
from pathlib import Path

from rich.console import Console

from rehearsal.places import BUILD, PROJECT
from rehearsal.report import Report
from rehearsal.screen import Screen

_COLUMNS = 132
PAGES = ("login", "token", "fines", "person", "refused", "docs")  # of those that rehearsal/checks/single/desk.py keeps


def drawn(report: Report) -> str:
    """A report as it looks on a terminal, as an SVG that asks no other place for a font."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), highlight=False)
    report.show(Screen(console))
    picture = console.export_svg(title="make rehearse", unique_id="rehearsal")
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.S).replace("Fira Code", "ui-monospace")


def main() -> int:
    tier = sys.argv[1]
    written = BUILD / "rehearsal" / f"{tier}.json"
    if not written.exists():
        print(f"there is no report of tier {tier} yet: type make rehearse TIER={tier}", file=sys.stderr)
        return 2
    Path(PROJECT / "docs/pictures" / f"rehearsed-{tier}.svg").write_text(drawn(Report.read(written)))
    for page in PAGES:
        shutil.copy(BUILD / "rehearsal" / f"{tier}-pages" / f"{page}.png", PROJECT / "docs/pictures/pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
