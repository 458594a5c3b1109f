"""What the breaks replace stands once in the file that they name: else a run of breaks would find out half an hour later."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from rehearsal import breaks
from rehearsal.places import PROJECT

_FOLDER = Path(breaks.__file__).parent
_HOST = "/opt/fines/host/"
_LEAST = 70  # texts that are found so, of some that are put together otherwise


def _replaced() -> Iterator[tuple[str, Path, str]]:
    """The place of each break that replaces texts of a file by name, the file, and each of the texts."""
    for module in sorted(_FOLDER.glob("*/*.py")):
        tree = ast.parse(module.read_text())
        shared = _assigned(tree)
        within = "service" if "from rehearsal.breaks.service import changed" in module.read_text() else ""
        for function in [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]:
            known = shared | _assigned(function)
            for call in [each for each in ast.walk(function) if isinstance(each, ast.Call) and len(each.args) == 3]:
                name = call.func.id if isinstance(call.func, ast.Name) else ""
                file, changes = _value(call.args[1], known), call.args[2]
                if isinstance(changes, ast.Name):
                    changes = known.get(changes.id, changes)
                if name not in ("changed", "edited") or file is None or not isinstance(changes, ast.Dict):
                    continue
                if name == "edited" and not file.startswith(_HOST):
                    continue
                there = (
                    PROJECT / "stacks/host" / file.removeprefix(_HOST) if name == "edited" else PROJECT / within / file
                )
                for key in changes.keys:
                    if key is not None and (text := _value(key, known)) is not None:
                        yield f"{module.parent.name}/{module.name}: {function.name}", there, text


def _assigned(within: ast.Module | ast.FunctionDef) -> dict[str, ast.expr]:
    return {
        target.id: each.value
        for each in within.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }


def _value(expression: ast.expr, known: dict[str, ast.expr]) -> str | None:
    """The text that an expression is, where that can be read."""
    if isinstance(expression, ast.Name) and expression.id in known:
        return _value(known[expression.id], known)
    return expression.value if isinstance(expression, ast.Constant) and isinstance(expression.value, str) else None


def test_each_text_that_a_break_replaces_stands_once_in_its_file() -> None:
    found = list(_replaced())
    assert len(found) >= _LEAST
    wrong = [f"{who}: {text!r} in {file.name}" for who, file, text in found if file.read_text().count(text) != 1]
    assert wrong == []
