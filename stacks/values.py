"""Readers of context values: each turns what the CLI (texts) or cdk.json (any JSON) gives into a value, or refuses."""

from __future__ import annotations

import difflib
import ipaddress
import json
import re
import zoneinfo
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

Reader = Callable[[str, Any], Any]
KINDS = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TLSA", "TXT")  # of the records that a setting may add


class SettingsError(ValueError):
    """Context values the operator must fix; the message has a line for each and says how."""


def choice(kind: type[StrEnum]) -> Reader:
    """One of an enumeration's values."""
    options = [str(option) for option in kind]

    def read(name: str, value: Any) -> StrEnum:
        if str(value) in options:
            return kind(str(value))
        near = (difflib.get_close_matches(str(value), options, n=1, cutoff=0.4) or options)[0]
        raise SettingsError(
            f"{name}={str(value)!r}: use one of {', '.join(options)}, for example: cdk deploy -c {name}={near}"
        )

    return read


def text(pattern: str, *, example: str, optional: bool = False) -> Reader:
    """A text of a form; where it is optional, it may be empty."""

    def read(name: str, value: Any) -> str:
        given = str(value).strip()
        if (optional and not given) or re.fullmatch(pattern, given):
            return given
        raise SettingsError(f"{name}={str(value)!r}: write it like this: -c {name}={example}")

    return read


def number(least: int, most: int) -> Reader:
    """A whole number within bounds."""

    def read(name: str, value: Any) -> int:
        if not isinstance(value, bool) and re.fullmatch(r"[0-9]{1,9}", str(value)) and least <= int(value) <= most:
            return int(value)
        raise SettingsError(f"{name}={str(value)!r}: use a whole number from {least} to {most}")

    return read


def flag(name: str, value: Any) -> bool:
    """True or false."""
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    raise SettingsError(f"{name}={str(value)!r}: use true or false")


def time_zone(name: str, value: Any) -> str:
    """A name of the IANA time zone database."""
    known = zoneinfo.available_timezones()
    if str(value) in known:
        return str(value)
    near = (difflib.get_close_matches(str(value), sorted(known), n=1) or ["America/Bogota"])[0]
    raise SettingsError(
        f"{name}={str(value)!r}: use a name of the IANA time zone database, for example: -c {name}={near}"
    )


def region(name: str, value: Any) -> str:
    """A region of AWS's first partition, or of the United States' government: elsewhere its services have other names."""
    given = str(text(r"[a-z]{2,4}(-[a-z]+)+-\d", example="us-east-1")(name, value))
    if given.startswith(("cn-", "eusc-")) or "-iso" in given:
        raise SettingsError(
            f"{name}={given!r}: AWS's services have other names there than amazonaws.com: use another region, like us-east-1"
        )
    return given


def moment(name: str, value: Any) -> str:
    """What a restore goes back to: `latest`, `none`, a time with its offset, or nothing."""
    given = str(value).strip()
    if given in ("", "latest", "none"):
        return given
    try:
        read = datetime.fromisoformat(given)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise SettingsError(
            f"{name}={given!r}: use latest, none, or a time with its offset, "
            f"for example: -c {name}=2026-01-31T12:00:00+00:00"
        )
    return read.isoformat()


def records(name: str, value: Any) -> tuple[str, ...]:
    """Lines of a zone file, as a JSON list or as a single line."""
    form = re.compile(rf"{_OWNER}[ \t]+(\d+[ \t]+)?(IN[ \t]+)?({'|'.join(KINDS)})[ \t]+[^\x00-\x08\x0a-\x1f]+")
    lines = _texts(name, value, example='["www 300 IN CNAME fines.example.org."]')
    for line in lines:
        if not form.fullmatch(line):
            raise SettingsError(
                f"{name}: {line!r} is no line of a zone file: write it like 'www 300 IN CNAME fines.example.org.'"
            )
    if len(json.dumps(lines)) > _MOST_RECORDS:
        raise SettingsError(f"{name} is too long: its records may have {_MOST_RECORDS} characters in all")
    for line in lines:
        found = _DATA.search(line)
        assert found is not None  # as it has the form
        if wrong := _wrong_time(found[1]) or _wrong_data(found[2], found[3]):
            raise SettingsError(f"{name}: {line!r}: {wrong}")
    return lines


_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_OWNER = rf"(@|(\*|{_LABEL})(\.{_LABEL})*\.?)"
_DATA = re.compile(rf"\S+[ \t]+(?:(\d+)[ \t]+)?(?:IN[ \t]+)?({'|'.join(KINDS)})[ \t]+(.*?)[ \t]*$")
_LONGEST_TIME = 2**31 - 1  # seconds (RFC 2181)
_TEXT = 255  # characters of each text of a TXT record
_WORDS = {"CAA": 3, "CNAME": 1, "MX": 2, "NS": 1, "SRV": 4}  # of a record's data


def _wrong_time(seconds: str | None) -> str:
    """What a name server would refuse of a record's time to live."""
    return f"a time to live has at most {_LONGEST_TIME} seconds" if int(seconds or 0) > _LONGEST_TIME else ""


def _wrong_data(kind: str, data: str) -> str:
    """What a name server would refuse of a record's data, after the host was replaced for it; nothing where all is well.

    Lengths of names and the digits of TLSA are left to the name server. dnspython, to which tests hold this, knows those too, but
    says of most that text is malformed, and would be one more package for whoever synthesizes.
    """
    unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', "x", data)
    if '"' in unquoted:
        return "a quotation mark is not closed"
    if strange := re.search(r"[();]|\\$", re.sub(r"\\.", "x", unquoted)):
        return f'{strange[0]} has a meaning of its own in a zone file: put what has it between quotes, "…"'
    if kind in ("A", "AAAA"):
        version = 4 if kind == "A" else 6
        try:
            if ipaddress.ip_address(data).version == version:
                return ""
        except ValueError:
            pass
        return f"{data!r} is no IPv{version} address"
    words = unquoted.split()
    if len(words) != _WORDS.get(kind, len(words)):
        return f"a record of type {kind} has {_WORDS[kind]} words after it, not {len(words)}"
    if any(len(text) > _TEXT for texts in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', data) for text in texts):
        return f'a text has at most {_TEXT} characters: write a longer one as several, "…" "…"'
    if kind == "CAA" and not (words[0].isdigit() and int(words[0]) < 2**8):
        return "a record of type CAA begins with a number below 256"
    if kind in ("MX", "SRV") and not all(word.isdigit() and int(word) < 2**16 for word in words[:-1]):
        return f"a record of type {kind} begins with numbers below 65536"
    return ""


def addresses(name: str, value: Any) -> tuple[str, ...]:
    """IP addresses, as a JSON list or as a single one."""
    given = _texts(name, value, example='["192.0.2.53"]')
    for address in given:
        try:
            if "%" in address:  # of one machine's own interface
                raise ValueError
            ipaddress.ip_address(address)
        except ValueError:
            raise SettingsError(f"{name}: {address!r} is no IP address: write it like 192.0.2.53") from None
    return given


def ranges(name: str, value: Any) -> tuple[str, ...]:
    """Ranges of IPv4 addresses in CIDR notation, as a JSON list or as a single one; none that is everybody's."""
    given = _texts(name, value, example='["203.0.113.0/24"]')
    for text in given:
        try:
            network = ipaddress.IPv4Network(text)
        except ValueError as error:
            raise SettingsError(
                f"{name}: {text!r} is no range of IPv4 addresses ({error}): write it like 203.0.113.0/24, or 203.0.113.7/32 for one"
            ) from None
        if network.prefixlen < _WIDEST:
            raise SettingsError(
                f"{name}: {text!r} has {network.num_addresses:,} addresses, which is nearly everybody: name the ranges of those "
                f"who administer, each /{_WIDEST} or narrower, like 203.0.113.0/24"
            )
        if network.is_private and not any(network.subnet_of(each) for each in _EXAMPLES):
            raise SettingsError(
                f"{name}: {text!r} is a private range, from which nobody comes over the internet: name public ones; "
                "who is inside the network needs none"
            )
    return given


_WIDEST = 8
_EXAMPLES = [ipaddress.IPv4Network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]  # RFC 5737


def role(name: str, value: Any) -> str:
    """The ARN of a role of IAM, or nothing."""
    given = str(value).strip()
    if not given:
        return ""
    (arn,) = principals(name, given)
    if ":user/" in arn:
        raise SettingsError(
            f"{name}: {arn!r} is a user: name a role, like {_A_ROLE}, which people take for the time they need it"
        )
    return arn


def principals(name: str, value: Any) -> tuple[str, ...]:
    """ARNs of roles and users of IAM, as a JSON list or as a single one."""
    single = isinstance(value, str) and value.strip() and not value.strip().startswith("[")
    given = (value.strip(),) if single else _texts(name, value, example=f'["{_A_ROLE}"]')
    for arn in given:
        if re.fullmatch(rf"arn:aws[a-z-]*:iam::\d{{12}}:(role|user)/{_PATH}", arn):
            continue
        if re.fullmatch(r"\d{12}|arn:aws[a-z-]*:iam::\d{12}:root|\*", arn):
            raise SettingsError(f"{name}: {arn!r} is everybody of an account: name roles or users, like {_A_ROLE}")
        if ":assumed-role/" in arn:
            raise SettingsError(f"{name}: {arn!r} is a session, which ends: name its role, like {_A_ROLE}")
        raise SettingsError(f"{name}: {arn!r} is no ARN of a role or user of IAM: write it like {_A_ROLE}")
    if twice := sorted({arn for arn in given if given.count(arn) > 1}):
        raise SettingsError(f"{name} names {twice[0]!r} twice: once is enough")
    return given


def policy(name: str, value: Any) -> str:
    """The ARN of a managed policy, or nothing."""
    example = "arn:aws:iam::111122223333:policy/boundary"
    return str(text(rf"arn:aws[a-z-]*:iam::(\d{{12}}|aws):policy/{_PATH}", example=example, optional=True)(name, value))


_A_ROLE = "arn:aws:iam::111122223333:role/operators"
_PATH = r"([\w+=,.@-]+/)*[\w+=,.@-]{1,128}"  # of IAM's entities: paths, and a name at last
_MOST_RECORDS = 4096  # EC2 caps user data at 16 KB, and the records are part of it


def _texts(name: str, value: Any, *, example: str) -> tuple[str, ...]:
    given = value
    if isinstance(value, str):
        try:
            given = json.loads(value) if value.strip() else []
        except json.JSONDecodeError:
            given = [value.strip()]
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise SettingsError(f"{name}={value!r}: give a JSON list of texts, for example: -c {name}='{example}'")
    return tuple(given)
