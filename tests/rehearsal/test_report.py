"""A report is good only when every check is and nothing of the template is missing."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal.picture import drawn
from rehearsal.report import Report, Result, kept, shortened
from rehearsal.screen import Screen


def _report(*, ok: bool = True, missing: tuple[str, ...] = ()) -> Report:
    report = Report("single")
    report.template["missing"] = list(missing)
    report.checks = [Result("a fine is there once", ok, 0.1, "seen")]
    return report


def test_a_report_without_checks_is_not_good() -> None:
    assert not Report("single").ok


def test_one_red_check_makes_the_report_red() -> None:
    assert _report().ok
    assert not _report(ok=False).ok


def test_a_missing_resource_makes_the_report_red() -> None:
    assert not _report(missing=("HostGroup",)).ok


def test_the_file_has_what_machines_read(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "single.json"
    report = _report()
    report.seconds, report.timings = 12.34, {"synth": 1.0, "deploy": 2.0}
    report.write(file)
    body = json.loads(file.read_text())
    assert body.keys() == {"tier", "ok", "seconds", "template", "not_rehearsed", "timings", "checks", "figures"}
    assert body["checks"] == [{"name": "a fine is there once", "ok": True, "seconds": 0.1, "detail": "seen"}]
    assert not list(file.parent.glob("*.draft"))


def test_some_of_the_checks_alone_can_be_good_without_the_template_having_been_read() -> None:
    report = _report(missing=("the ledger was not read",))
    assert not report.ok
    report.partial = True
    assert report.ok


def test_a_report_that_is_read_is_the_one_that_was_written(tmp_path: Path) -> None:
    file, report = tmp_path / "single.json", _report()
    report.seconds = 12.3
    report.write(file)
    assert Report.read(file) == report


def test_the_word_of_an_earlier_run_does_not_stand_for_one_that_did_not_come_to_its_end(tmp_path: Path) -> None:
    file, report = tmp_path / "single.json", _report()
    report.write(file)
    again = Report("single")

    def rehearse() -> None:
        with kept(again, file):
            assert not json.loads(file.read_text())["ok"]
            again.checks = report.checks
            raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        rehearse()
    body = json.loads(file.read_text())
    assert (body["ok"], body["unfinished"]) == (False, "it did not come to its end: OSError: no room")
    assert again.faults() == [body["unfinished"]]
    with kept(report, file):
        pass
    assert json.loads(file.read_text())["ok"]


def test_the_picture_shows_the_checks_and_asks_nobody_for_a_font() -> None:
    picture = drawn(_report())
    assert "there&#160;once" in picture
    assert "@font-face" not in picture
    assert "url(http" not in picture


def test_a_part_says_that_it_is_one_and_names_the_checks_that_it_left_out(tmp_path: Path) -> None:
    report = _report()
    report.part, report.left_out, report.not_rehearsed = (
        "cloud",
        {"a host boots": "a machine"},
        ["no machine was booted"],
    )
    report.write(tmp_path / "single.cloud.json")
    body = json.loads((tmp_path / "single.cloud.json").read_text())
    assert body["part"] == "cloud"
    assert body["not_rehearsed"] == ["no machine was booted", "not checked, since it takes a machine: a host boots"]
    out = io.StringIO()
    report.show(Screen(Console(file=out, width=140)))
    assert "its cloud side alone" in out.getvalue()
    assert "a host boots" in out.getvalue() and "takes a machine" in out.getvalue()


def test_what_fell_short_is_said_last_with_its_reason() -> None:
    report = _report(ok=False, missing=("HostGroup",))
    report.checks[0] = Result("a fine is there once", False, 0.1, "twice [and more]")
    out = io.StringIO()
    report.show(Screen(Console(file=out, width=140)), logs=Path("build/logs"))
    verdict = out.getvalue().splitlines()[-4:]
    assert verdict[0].startswith("fell short after")
    assert verdict[1].endswith("build/logs")
    assert verdict[2] == "✗ a fine is there once: twice [and more]"
    assert verdict[3] == "✗ of the template is missing: HostGroup"


def test_what_went_well_says_nothing_after_its_verdict() -> None:
    out = io.StringIO()
    _report().show(Screen(Console(file=out, width=140)), logs=Path("build/logs"))
    assert out.getvalue().splitlines()[-1].startswith("ok after")


def test_a_long_reason_keeps_its_beginning_and_its_end() -> None:
    short = shortened("begin " + "x" * 1000 + " end", 100)
    assert len(short) <= 100 and short.startswith("begin") and short.endswith(" end")
