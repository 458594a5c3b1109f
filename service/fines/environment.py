"""Reads the environment strictly: every value is checked, and everything that is wrong is said at once."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


class Environment:
    """The variables of a process, read by name; `check` raises with all that was wrong."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._wrong: list[str] = []

    def check(self) -> None:
        """Raise ImproperlyConfigured with one line for each wrong value, or return."""
        if self._wrong:
            lines = "".join(f"\n  {line}" for line in self._wrong)
            raise ImproperlyConfigured(f"The environment cannot be used:{lines}")

    def text(self, name: str, default: str | None = None) -> str:
        """A non-empty text; without a default it must be set."""
        value = self._values.get(name, "").strip()
        if value:
            return value
        if default is None:
            self._wrong.append(f"{name} is not set, and has no default")
            return ""
        return default

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number from least to most."""
        value = self.text(name, str(default))
        if re.fullmatch(r"[0-9]{1,9}", value) and least <= int(value) <= most:
            return int(value)
        self._wrong.append(f"{name}={value!r} is not a whole number from {least} to {most}")
        return default

    def boolean(self, name: str, *, default: bool) -> bool:
        """True or false, in the usual spellings."""
        value = self.text(name, str(default)).lower()
        if value in TRUE | FALSE:
            return value in TRUE
        self._wrong.append(f"{name}={value!r} is neither true nor false")
        return default

    def choice(self, name: str, default: str, *, of: tuple[str, ...]) -> str:
        """One of a few words."""
        value = self.text(name, default)
        if value in of:
            return value
        self._wrong.append(f"{name}={value!r} is none of {', '.join(of)}")
        return default

    def hosts(self, name: str) -> list[str]:
        """A comma-separated list of host names or addresses; a wildcard is refused."""
        found = [host.strip() for host in self.text(name).split(",") if host.strip()]
        for host in found:
            if not re.fullmatch(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:]+\]", host):
                self._wrong.append(f"{name}: {host!r} is no host name (give names, not URLs or wildcards)")
        return found

    def origin(self, name: str, default: str | None = None) -> str:
        """An address like https://fines.example, without a path; without a default it must be set."""
        value = self.text(name, default).rstrip("/")
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query):
            self._wrong.append(f"{name}={value!r} is no address like https://fines.example")
        return value

    def time_zone(self, name: str, default: str) -> str:
        """The name of an IANA time zone that this system knows."""
        value = self.text(name, default)
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):  # what zoneinfo raises for unknown, unsafe and unreadable names
            self._wrong.append(f"{name}={value!r} is no IANA time zone, such as America/Argentina/Buenos_Aires")
            return default
        return value

    def secret(self, file: Path, *, least: int = 1) -> str:
        """The content of a secret's file, of at least that many characters; the value itself is never shown."""
        try:
            value = file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            self._wrong.append(f"the secret {file} cannot be read: {getattr(error, 'strerror', None) or 'no text'}")
            return ""
        if len(value) < least:
            self._wrong.append(f"the secret {file} has {len(value)} characters, at least {least} are needed")
        return value
