"""Compares what a template says of a resource with what its service says, value by value.

Only what the template gives is compared: a service adds defaults. But in a list, and in a policy document, something
that the template does not have is a difference too, since it changes what the whole means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rehearsal.ledger.readers.registry import UNREADABLE
from rehearsal.ledger.resolve import Unresolved

# Lists whose order is a part of their meaning; in all others AWS keeps sets.
_ORDERED = {"Layers", "Command", "EntryPoint", "TerminationPolicies", "DefaultActions", "Actions"}
_ONE_OR_MANY = {"Action", "NotAction", "Resource", "NotResource"}
_HIDDEN = {"SecretString"}  # never shown
_WIDTH = 60  # characters of a value that a difference shows


@dataclass(frozen=True)
class Line:
    """One compared value: its path, and what differs; `compared` is False where the service cannot be asked for it."""

    path: str
    difference: str = ""
    compared: bool = True


def compare(path: str, wanted: Any, found: Any) -> Iterator[Line]:
    """The lines of a property, with all that is inside it."""
    if (unknown := _unresolved(wanted)) is not None:
        yield Line(path, f"{path} ({unknown.reason})", compared=False)
    elif found is UNREADABLE:
        for line in compare(path, wanted, wanted):
            yield Line(line.path, line.path, compared=False)
    elif _is_tags(path, wanted):
        yield from _compare_tags(path, wanted, found)
    elif _is_policy(wanted):
        yield from _compare_policies(path, wanted, found)
    elif isinstance(wanted, dict) and wanted:
        for key, value in wanted.items():
            yield from compare(f"{path}.{key}", value, found.get(key) if isinstance(found, dict) else None)
    elif isinstance(wanted, list) and any(isinstance(each, (dict, list)) for each in wanted):
        yield from _compare_lists(path, wanted, found)
    elif (wanted == {} and isinstance(found, dict)) or normal(wanted, _last(path)) == normal(found, _last(path)):
        yield Line(path)
    else:
        yield _differs(path, wanted, found)


def normal(value: Any, name: str = "") -> Any:
    """A value in the one form in which equal meanings are equal: numbers and booleans as text, sets sorted."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return {key: normal(each, key) for key, each in value.items()} or ""
    if isinstance(value, (list, tuple)):
        items = [normal(each) for each in value]
        return (items if name in _ORDERED else sorted(items, key=_sorting)) or ""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # Text that looks like a number stays as it is: a version 17.10 is not 17.1.
    text = str(value)
    return text.lower() if text.lower() in ("true", "false") else text


def _compare_tags(path: str, wanted: Any, found: Any) -> Iterator[Line]:
    there = _tags(found)
    for key, value in _tags(wanted).items():
        yield from compare(f"{path}[{key}]", value, there.get(key))


def _compare_policies(path: str, wanted: Any, found: Any) -> Iterator[Line]:
    """Statement by statement; the statements' order means nothing, an additional one does."""
    if not _is_policy(found):
        found = {"Statement": []}
    for key in ("Version", "Id"):
        if key in wanted:
            yield from compare(f"{path}.{key}", wanted[key], found.get(key))
    left = [_statement(each) for each in _many(found.get("Statement", []))]
    for number, statement in enumerate(_many(wanted["Statement"])):
        place = f"{path}.Statement[{number}]"
        if (unknown := next((each for each in _flat(statement) if isinstance(each, Unresolved)), None)) is not None:
            yield Line(place, f"{place} ({unknown.reason})", compared=False)
        elif (canonical := _statement(statement)) in left:
            left.remove(canonical)
            yield Line(place)
        else:
            near = max(left, key=lambda other: _likeness(canonical, other), default=None)
            yield _differs(place, canonical, near)
            if near is not None:
                left.remove(near)
    for statement in left:
        yield _differs(f"{path}.Statement", None, statement)


def _compare_lists(path: str, wanted: list[Any], found: Any) -> Iterator[Line]:
    """Item by item, each with the one that is most like it, unless the order counts."""
    left = list(found) if isinstance(found, list) else []
    if _last(path) in _ORDERED:
        partners = {number: left[number] if number < len(left) else None for number in range(len(wanted))}
        left = left[len(wanted) :]
    else:
        partners = _partners(path, wanted, left)
    for number, item in enumerate(wanted):
        yield from compare(f"{path}[{number}]", item, partners.get(number))
    for extra in left:
        yield _differs(path, None, extra)


def _partners(path: str, wanted: list[Any], left: list[Any]) -> dict[int, Any]:
    """For each wanted item, by number, the found one that is most like it; takes those out of `left`.

    The surest pairs come first, and among them the items that say most, or a changed item could take another's equal.
    """
    waiting, partners = dict(enumerate(wanted)), {}
    while waiting and left:
        _, number, index = min(
            (
                (_differences(path, item, other), -len(_text(item)), len(_text(other))),
                number,
                index,
            )
            for number, item in waiting.items()
            for index, other in enumerate(left)
        )
        partners[number] = left.pop(index)
        del waiting[number]
    return partners


def _differences(path: str, wanted: Any, found: Any) -> int:
    return sum(bool(line.difference) for line in compare(path, wanted, found) if line.compared)


def _likeness(one: Any, other: Any) -> int:
    return sum(one[key] == other.get(key) for key in one)


def _differs(path: str, wanted: Any, found: Any) -> Line:
    if _last(path) in _HIDDEN:
        return Line(path, f"{path}: not what the template says")
    said, seen = _text(wanted), _text(found)
    start = 0
    if len(said) > _WIDTH and len(seen) > _WIDTH:
        same = next((i for i, (a, b) in enumerate(zip(said, seen, strict=False)) if a != b), min(len(said), len(seen)))
        start = max(0, same - _WIDTH // 3)
    return Line(path, f"{path}: {_cut(said, start)} in the template, {_cut(seen, start)} in the service")


def _cut(text: str, start: int) -> str:
    if not text:
        return "nothing"
    part = text[start : start + _WIDTH]
    return f"{'…' if start else ''}{part}{'…' if start + _WIDTH < len(text) else ''}"


def _text(value: Any) -> str:
    form = normal(value)
    return form if isinstance(form, str) else json.dumps(form, sort_keys=True, ensure_ascii=False)


def _sorting(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _last(path: str) -> str:
    """The name of the property that a path ends in."""
    return re.split(r"[. ]", path)[-1]


def _is_tags(path: str, value: Any) -> bool:
    if _last(path) != "Tags":
        return False
    return isinstance(value, dict) or (
        isinstance(value, list) and all(isinstance(tag, dict) and "Key" in tag for tag in value)
    )


def _unresolved(value: Any) -> Unresolved | None:
    """The first thing unknown in a value that is compared as one."""
    each = value if isinstance(value, list) else [value]
    return next((item for item in each if isinstance(item, Unresolved)), None)


def _tags(value: Any) -> dict[str, Any]:
    """Tags by key, whether a list of keys and values or a map; a group's tag keeps its PropagateAtLaunch."""
    if isinstance(value, dict):
        return dict(value)
    found: dict[str, Any] = {}
    for tag in value if isinstance(value, list) else []:
        found[tag["Key"]] = (
            {name: tag.get(name) for name in ("Value", "PropagateAtLaunch")}
            if "PropagateAtLaunch" in tag
            else tag["Value"]
        )
    return found


def _is_policy(value: Any) -> bool:
    return isinstance(value, dict) and "Statement" in value and set(value) <= {"Version", "Id", "Statement"}


def _statement(statement: Any) -> Any:
    """A statement in one form: what may be one or many is many, and lists are sorted."""
    form: dict[str, Any] = {}
    for key, value in statement.items():
        if key in _ONE_OR_MANY:
            form[key] = normal(_many(value))
        elif key in ("Principal", "NotPrincipal"):
            form[key] = normal(
                {kind: _many(names) for kind, names in value.items()} if isinstance(value, dict) else value
            )
        elif key == "Condition":
            form[key] = normal({test: {name: _many(v) for name, v in keys.items()} for test, keys in value.items()})
        else:
            form[key] = normal(value)
    return form


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _flat(each)
    else:
        yield value
