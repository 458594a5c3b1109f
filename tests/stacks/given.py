"""Settings that are good, and what is said of those that are not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stacks.settings import Settings, SettingsError

GOOD = {"tier": "single", "domain": "fines.example.org"}


def read(**settings: object) -> Settings:
    return Settings.from_context(GOOD | settings)


def complaints(given: Mapping[str, object]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(given)
    return str(refused.value).splitlines()


def complaint(**settings: object) -> str:
    (line,) = complaints(GOOD | settings)
    return line
