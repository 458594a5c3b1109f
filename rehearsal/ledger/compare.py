"""Compares what a template says of a resource with what its service says, value by value.

Only what the template gives is compared: a service adds defaults. But in a list, and in a policy document, something that
the template does not have is a difference too, since it changes what the whole means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rehearsal.ledger.readers.registry import UNREADABLE
from rehearsal.ledger.resolve import Unresolved

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
# Lists whose order is a part of their meaning; in all others AWS keeps sets.
_ORDERED = {"Layers", "Command", "EntryPoint", "TerminationPolicies", "DefaultActions", "Actions"}
_ONE_OR_MANY = {"Action", "NotAction", "Resource", "NotResource"}
_WIDTH = 60


@dataclass(frozen=True)
class Line:
    """One compared value: its path, and what differs; `compared` is False where the service cannot be asked for it."""

    path: str
    difference: str = ""
    compared: bool = True


def compare(path: str, wanted: Any, found: Any) -> Iterator[Line]:
    """The lines of a property, with all that is inside it."""
    if isinstance(wanted, Unresolved):
        yield Line(path, f"{path} ({wanted.reason})", compared=False)
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
    elif normal(wanted, _last(path)) == normal(found, _last(path)):
        yield Line(path)
    else:
        yield _differs(path, wanted, found)


def normal(value: Any, name: str = "") -> Any:
    """A value in the one form in which equal meanings are equal: numbers and booleans as text, unordered lists sorted."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return {key: normal(each, key) for key, each in value.items()} or ""
    if isinstance(value, (list, tuple)):
        items = [normal(each) for each in value]
        return (items if name in _ORDERED else sorted(items, key=_sorting)) or ""
    if value is None:
        return ""
    text = str(value)
    if _NUMBER.fullmatch(text):
        number = Decimal(text).normalize()
        return f"{number:f}"
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
        if any(isinstance(each, Unresolved) for each in _flat(statement)):
            yield Line(place, place, compared=False)
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
    pairs: list[tuple[int, Any, Any]] = []
    if _last(path) in _ORDERED:
        pairs = [(number, item, left[number] if number < len(left) else None) for number, item in enumerate(wanted)]
        left = left[len(wanted) :]
    else:
        waiting = list(enumerate(wanted))
        # the surest pairs first, or a changed item could take another's equal
        for most in (0, None):
            for number, item in list(waiting):
                near = min(left, key=lambda other: _differences(path, item, other), default=None)
                if near is not None and (most is None or _differences(path, item, near) <= most):
                    left.remove(near)
                    waiting.remove((number, item))
                    pairs.append((number, item, near))
        pairs += [(number, item, None) for number, item in waiting]
    for number, item, other in sorted(pairs, key=lambda pair: pair[0]):
        yield from compare(f"{path}[{number}]", item, other)
    for extra in left:
        yield _differs(path, None, extra)


def _differences(path: str, wanted: Any, found: Any) -> int:
    return sum(bool(line.difference) for line in compare(path, wanted, found) if line.compared)


def _likeness(one: Any, other: Any) -> int:
    return sum(one[key] == other.get(key) for key in one)


def _differs(path: str, wanted: Any, found: Any) -> Line:
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
    if _last(path) not in ("Tags", "TagSet", "TargetTags"):
        return False
    return isinstance(value, dict) or (
        isinstance(value, list) and all(isinstance(tag, dict) and "Key" in tag for tag in value)
    )


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
