"""Scheduled actions are due by the clocks of their own time zone, as cron has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rehearsal.cloud.schedule import Recurrence, due


def action(recurrence: str, zone: str | None = None) -> dict[str, Any]:
    return {"Recurrence": recurrence, "MinSize": 3} | ({"TimeZone": zone} if zone else {})


def times(given: dict[str, Any], day: str, *, days: int = 1) -> list[str]:
    start = datetime.fromisoformat(f"{day}T00:00+00:00")
    return [f"{moment:%d %H:%M}" for moment, _ in due([given], start, start + timedelta(days=days))]


def test_without_a_time_zone_the_hours_are_utc() -> None:
    assert times(action("50 7 * * *"), "2027-03-27", days=2) == ["27 07:50", "28 07:50"]


def test_with_one_an_hour_stays_the_same_on_its_clocks() -> None:
    assert times(action("50 7 * * *", "Europe/Madrid"), "2027-03-27", days=2) == ["27 06:50", "28 05:50"]
    assert times(action("50 7 * * *", "America/New_York"), "2027-11-06", days=2) == ["06 11:50", "07 12:50"]
    assert times(action("50 7 * * *", "America/Argentina/Buenos_Aires"), "2027-03-27", days=2) == [
        "27 10:50",
        "28 10:50",
    ]


def test_an_hour_that_clocks_show_never_is_never_due_and_one_that_they_show_twice_is_due_twice() -> None:
    assert times(action("30 2 * * *", "Europe/Madrid"), "2027-03-28") == []
    assert times(action("30 2 * * *", "Europe/Madrid"), "2027-10-31") == ["31 00:30", "31 01:30"]


def test_what_is_due_at_the_first_moment_was_so_before_and_what_is_at_the_last_is_now() -> None:
    start = datetime(2027, 3, 1, 7, 50, tzinfo=UTC)
    given = [action("50 7 * * *"), action("51 7 * * *")]
    assert [each["Recurrence"] for _, each in due(given, start, start + timedelta(minutes=1))] == ["51 7 * * *"]
    assert list(due(given, start + timedelta(seconds=61), start + timedelta(seconds=119))) == []


def test_actions_are_told_in_the_order_of_their_times() -> None:
    start = datetime(2027, 3, 1, tzinfo=UTC)
    given = [action("0 9 * * *"), action("50 7 * * *", "Europe/Madrid"), action("50 7 * * *")]
    assert [f"{moment:%H:%M}" for moment, _ in due(given, start, start + timedelta(days=1))] == [
        "06:50",
        "07:50",
        "09:00",
    ]


@pytest.mark.parametrize(
    ("recurrence", "days"),
    [("0 8 * * 1-5", "01 02 03 04 05 08"), ("0 8 */3 * *", "01 04 07"), ("0 8 5,7 * *", "05 07"), ("0 8 * 4 *", "")],
)
def test_days_weekdays_and_months_are_heeded(recurrence: str, days: str) -> None:
    assert [time[:2] for time in times(action(recurrence), "2027-03-01", days=8)] == days.split()


def test_where_days_and_weekdays_are_both_given_one_of_them_suffices() -> None:
    assert [time[:2] for time in times(action("0 8 3 * 0"), "2027-03-01", days=8)] == ["03", "07"]


@pytest.mark.parametrize("text", ["0 8 * *", "0 24 * * *", "60 8 * * *", "0 9-8 * * *", "0 8 * * 8", "0/0 8 * * *"])
def test_what_is_no_recurrence_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="recurrence"):
        Recurrence.read(text)
