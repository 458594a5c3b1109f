"""How the time of a fine is read."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from infracciones.moments import MomentError, read_moment

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")


def read(value, zone=MADRID):
    return read_moment(value, zone=zone, now=NOW)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-07-01T10:20:30Z", "2026-07-01T10:20:30+00:00"),
        ("2026-07-01t10:20:30z", "2026-07-01T10:20:30+00:00"),
        ("2026-07-01T10:20:30.5Z", "2026-07-01T10:20:30.500000+00:00"),
        ("2026-07-01T10:20:30.123456-03:00", "2026-07-01T13:20:30.123456+00:00"),
        ("2026-07-01T10:20:30.1234567Z", "2026-07-01T10:20:30.123456+00:00"),
        ("2026-07-01T10:20:30.999999999Z", "2026-07-01T10:20:30.999999+00:00"),
        ("2026-07-01T10:20:30+0530", "2026-07-01T04:50:30+00:00"),
        ("2026-07-01T10:20:30-00:00", "2026-07-01T10:20:30+00:00"),
        ("2026-07-01 10:20:30+02:00", "2026-07-01T08:20:30+00:00"),
        ("2026-07-01T10:20:30", "2026-07-01T08:20:30+00:00"),
        ("2026-07-01T10:20", "2026-07-01T08:20:00+00:00"),
        ("2026-01-01 10:20", "2026-01-01T09:20:00+00:00"),
        ("2026-01-01 10:20:59", "2026-01-01T09:20:59+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("2016-12-31T20:59:60-03:00", "2017-01-01T00:00:00+00:00"),
        (1772630430, "2026-03-04T13:20:30+00:00"),
        ("1772630430", "2026-03-04T13:20:30+00:00"),
        (Decimal("1772630430.123456"), "2026-03-04T13:20:30.123456+00:00"),
        ("1772630430.5", "2026-03-04T13:20:30.500000+00:00"),
        ("2026-03-04T13:20:30.123456789012Z", "2026-03-04T13:20:30.123456+00:00"),
        (1772630430.25, "2026-03-04T13:20:30.250000+00:00"),
        (Decimal("1.772630430E+9"), "2026-03-04T13:20:30+00:00"),
        (Decimal("1772630430.00000000"), "2026-03-04T13:20:30+00:00"),
    ],
)
def test_each_accepted_spelling_is_read_as_the_instant_it_means(written, meant):
    assert read(written) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2026-07-01",
        "10:20:30",
        "2026-07-01T",
        "2026-07-01T10",
        "2026-7-1T10:20:30Z",
        "20260701T102030Z",
        "2026-07-01T10:20:30 Z",
        "2026-07-01T10:20:30.Z",
        "2026-07-01T10:20:30,5Z",
        "2026-07-01T10:20.5",
        "2026-07-01T10:20:30+2",
        "2026-07-01T10:20:30+25:00",
        "2026-07-01T10:20:30+02:60",
        "2026-02-30T10:20:30Z",
        "2026-07-01T24:00:00Z",
        "2026-07-01T10:60:00Z",
        "2026-07-01T10:20:61Z",
        "2026-07-01T10:20:60Z",
        "2026-07-01T23:59:60-03:00",
        "0000-07-01T10:20:30Z",
        " 2026-07-01T10:20:30Z",
        "2026-07-01T10:20:30Z\n",
        "٢٠٢٦-07-01T10:20:30Z",
        "١٧٧٢٦٣٠٤٣٠",
        "1772630430.1234567",
        "1772630430.",
        "1.7e9",
        "+1772630430",
        "0x69",
        Decimal("1772630430.1234567"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E+999999999"),
        Decimal("1E-999999999"),
        float("inf"),
        10**30,
        True,
        None,
        [],
        {},
    ],
)
def test_what_is_no_time_of_the_contract_is_refused(written):
    with pytest.raises(MomentError):
        read(written)


def test_an_hour_that_comes_twice_is_read_as_the_earlier_one():
    assert read("2026-10-25T02:30:00") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_hour_that_a_clock_change_leaves_out_is_read_with_the_offset_before_it():
    assert read("2026-03-29T02:30:00") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", [ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Niue"), UTC])
def test_the_first_and_the_last_year_do_not_overflow(zone):
    for written in (
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ):
        with pytest.raises(MomentError):
            read(written, zone)


def test_the_limits_are_the_year_2000_and_five_minutes_from_now():
    assert read("2000-01-01T00:00:00Z").year == 2000
    assert read("2026-11-24T12:05:00Z") > NOW
    for written, word in (
        ("1999-12-31T23:59:59Z", "2000"),
        (0, "2000"),
        ("-1", "2000"),
        ("2026-11-24T12:05:01Z", "futuro"),
    ):
        with pytest.raises(MomentError, match=word):
            read(written)
