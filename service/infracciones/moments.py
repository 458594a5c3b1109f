"""How the time of a fine is read."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.timezone import now as present

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d)(?::(\d\d)(?:\.(\d{1,30}))?)?(?:([Zz])|([+-](?:[01]\d|2[0-3])):?([0-5]\d))?",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SECONDS = re.compile(r"-?\d{1,11}(?:\.\d{1,6})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_SECONDS = 10**11  # the year 5138: what is larger is no time, and is not worth converting
_LEAST_SECONDS = -(10**10)  # the year 1653; no date of Python's is before the year 1


class MomentError(ValueError):
    """A time that cannot be taken; the message says what to write."""


def read_moment(value: object, *, zone: tzinfo, now: datetime) -> datetime:
    """The moment that a value means: RFC 3339, the same without offset (then in `zone`), or seconds since 1970.

    Raises:
        MomentError: it is no such value, lies more than five minutes ahead of `now`, or before the year 2000.
    """
    moment = _read(value, zone)
    if moment > now + AHEAD:
        raise MomentError("La fecha está en el futuro: revise el reloj del dispositivo.")
    if moment < FIRST:
        raise MomentError("La fecha es anterior al año 2000: revise el reloj del dispositivo.")
    return moment


def validate_moment(moment: datetime) -> None:
    """The same limits for a fine that an administrator writes."""
    try:
        read_moment(moment.isoformat(), zone=UTC, now=present())
    except MomentError as error:
        raise ValidationError(str(error)) from None


def _read(value: object, zone: tzinfo) -> datetime:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _from_seconds(value if isinstance(value, Decimal) else Decimal(repr(value)))
    if not isinstance(value, str):
        raise _unreadable()
    if _SECONDS.fullmatch(value):
        return _from_seconds(Decimal(value))
    found = _ISO.fullmatch(value)
    if not found:
        if _DATE.fullmatch(value):
            raise MomentError("Falta la hora: una fecha sola no alcanza.")
        raise _unreadable()
    day, time, second, fraction, zulu, hours, minutes = found.groups()
    leap = second == "60"
    # Some clocks count nanoseconds, or finer; the database keeps microseconds, and a fine that is cut is never in the future.
    micros = (fraction or "0")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{day}T{time}:{'59' if leap else second or '00'}.{micros}")
        if zulu:
            moment = moment.replace(tzinfo=UTC)
        elif hours:
            moment = datetime.fromisoformat(f"{moment.isoformat()}{hours}:{minutes}").astimezone(UTC)
        else:
            # fold=0, datetime's default, is the earlier of the two readings where a clock change makes two
            moment = moment.replace(tzinfo=zone).astimezone(UTC)
        # RFC 3339 has leap seconds, at the end of a day in UTC; counted from 1970 they are the second after.
        if leap and (moment.hour, moment.minute) != (23, 59):
            raise ValueError("no leap second is in the midst of a day")
        return moment + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        raise MomentError("Esa fecha u hora no existe.") from None


def _from_seconds(seconds: Decimal) -> datetime:
    # Compared before it is converted: a short number such as 1e999999999 has very many digits.
    if not (seconds.is_finite() and _LEAST_SECONDS < seconds < _MOST_SECONDS):
        raise _unreadable()
    exponent = seconds.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -6:
        raise MomentError("Los segundos desde 1970 llevan a lo sumo seis decimales.")
    return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))


def _unreadable() -> MomentError:
    return MomentError("Escriba la fecha y la hora así: 2026-01-31T14:05:00-05:00, o como segundos desde 1970.")
