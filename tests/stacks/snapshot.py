"""What a reviewer reads of a synthesized tier: an inventory, a template without hashes, and what boots."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.stacks.synthesis import PROJECT, flat, resources, template_in

SNAPSHOTS = PROJECT / "tests" / "snapshots"
_WIDTH = 118


def snapshots(assembly: Path) -> dict[str, str]:
    """The snapshots of an assembly, by file name."""
    template = template_in(assembly)
    (group,) = resources(template, "AWS::EC2::LaunchTemplate").values()
    boots = flat(group["Properties"]["LaunchTemplateData"]["UserData"])
    group["Properties"]["LaunchTemplateData"]["UserData"] = "<user-data.sh>"
    hashes = _hashes(assembly)
    return {
        "inventory.txt": _inventory(assembly, hashes),
        "template.json": hashes(_written(_substituted(template))) + "\n",
        "user-data.sh": hashes(boots),
    }


def difference(name: str, *, kept: str, made: str) -> str:
    """A unified diff, empty where nothing changed."""
    lines = difflib.unified_diff(
        kept.splitlines(keepends=True), made.splitlines(keepends=True), f"{name} (committed)", f"{name} (synthesized)"
    )
    return "".join(lines)


def _inventory(assembly: Path, hashes: Callable[[str], str]) -> str:
    """One line a resource: its path in the app, and its type."""
    template = template_in(assembly)
    (file,) = assembly.glob("*.metadata.json")
    paths = {
        entry["data"]: path.split("/", 2)[2].removesuffix("/Resource")
        for path, entries in json.loads(file.read_text()).items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
    rows = sorted((hashes(paths[id]), resource["Type"]) for id, resource in template["Resources"].items())
    width = max(len(path) for path, _ in rows) + 2
    return "".join(f"{path:<{width}}{kind}\n" for path, kind in rows)


def _substituted(value: Any) -> Any:
    """Joins of texts and references, as CloudFormation lets one write them: Fn::Sub."""
    if isinstance(value, list):
        return [_substituted(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        return {"Fn::Sub": flat(value)}
    return {key: _substituted(item) for key, item in value.items()}


def _written(value: Any, indent: str = "") -> str:
    """JSON with sorted keys, in which what is short stays on one line."""
    line = json.dumps(value, sort_keys=True, ensure_ascii=False)
    if len(indent) + len(line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, list):
        items = [_written(item, inner) for item in value]
    else:
        items = [f"{json.dumps(key)}: {_written(value[key], inner)}" for key in sorted(value)]
    opened, closed = "[]" if isinstance(value, list) else "{}"
    return f"{opened}\n" + ",\n".join(inner + item for item in items) + f"\n{indent}{closed}"


def _hashes(assembly: Path) -> Callable[[str], str]:
    """Writes names in the place of hashes that follow the contents of files."""
    (file,) = assembly.glob("*.assets.json")
    assets = json.loads(file.read_text())
    named = {
        hash: f"<{asset['displayName'].rpartition('/')[2]}>"
        for kind in ("files", "dockerImages")
        for hash, asset in assets[kind].items()
    }
    # Of a tier whose image changes in place the release has a name of its own.
    releases = {hash for id in template_in(assembly)["Resources"] for hash in re.findall("ReleaseHandle(.{12})", id)}

    def replace(text: str) -> str:
        for hash, name in named.items():
            text = text.replace(hash, name)
        for release in releases:
            text = re.sub(rf"(Handle|Served){release}[0-9A-F]{{8}}", r"\1<release>", text)
            text = text.replace(release, "<release>")
        return text

    return replace
