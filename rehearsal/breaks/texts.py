"""Texts replaced by others, in files of the host, of the service and of the project."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.breaks import BreakError


def replaced(text: str, changes: Mapping[str, str], name: str) -> str:
    """A file's text with each of the given texts replaced; `name` is the file's, for the message.

    Raises:
        BreakError: one does not stand in it exactly once.
    """
    for old, new in changes.items():
        if text.count(old) != 1:
            raise BreakError(f"{old!r} stands {text.count(old)} times in {name}: the break must be brought up to date")
        text = text.replace(old, new)
    return text
