"""The settings as the CDK CLI gives them to the app: `-c` first, then cdk.json, cdk.context.json and the user's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stacks.settings import Settings, SettingsError

PROJECT = Path(__file__).resolve().parent.parent


def read_settings(words: Sequence[str], *, project: Path = PROJECT, home: Path | None = None) -> Settings:
    """The settings of a deployment; `words` are KEY=VALUE, of which a later one wins.

    Raises:
        SettingsError: with one line for each setting that must be mended.
    """
    context: dict[str, Any] = {}
    context |= _json((home or Path.home()) / ".cdk.json").get("context", {})
    context |= _json(project / "cdk.context.json")
    context |= _json(project / "cdk.json").get("context", {})
    return Settings.from_context(context | _given(words))


def _given(words: Sequence[str]) -> dict[str, str]:
    given = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals):
            raise SettingsError(f"-c {word}: write KEY=VALUE, for example: -c domain=fines.example.org")
        given[key] = value
    return given


def _json(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        read = json.loads(file.read_text())
    except ValueError as error:
        raise SettingsError(f"{file} is no JSON: {error}") from None
    if not isinstance(read, dict):
        raise SettingsError(f"{file} is no JSON object: write {{}} for an empty one")
    return read
