"""How the time of a fine is read."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:([Zz])|([+-]\d\d):?(\d\d))?")
_SECONDS = re.compile(r"\d{1,11}(?:\.\d{1,6})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def _read(value: object, zone: tzinfo) -> datetime:
    refused = MomentError("Escriba la fecha y la hora así: 2026-01-31T14:05:00-05:00, o como segundos desde 1970.")
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise refused
    text = (
        str(value).strip()
        if isinstance(value, str)
        else format(value, "f")
        if isinstance(value, Decimal)
        else repr(value)
    )
    if _SECONDS.fullmatch(text):
        return _EPOCH + timedelta(microseconds=int(Decimal(text) * 1_000_000))
    found = _ISO.fullmatch(text)
    if not found:
        raise refused
    day, time, second, fraction, zulu, hours, minutes = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time}:{second or '00'}.{(fraction or '0')[:6].ljust(6, '0')}")
        if zulu:
            return moment.replace(tzinfo=UTC)
        if hours:
            return datetime.fromisoformat(f"{moment.isoformat()}{hours}:{minutes}")
        # fold=0, datetime's default, is the earlier of the two readings where a clock change makes two
        return moment.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise refused from None
