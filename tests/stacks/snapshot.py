"""What a reviewer reads of a synthesized tier: an inventory, a template without hashes, and what boots or is applied."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.stacks.synthesis import MANIFEST, PROJECT, Template, flat, resources, template_in

SNAPSHOTS = PROJECT / "tests" / "snapshots"
_WIDTH = 118


def snapshots(assembly: Path) -> dict[str, str]:
    """The snapshots of an assembly, by file name."""
    template = template_in(assembly)
    hashes = _hashes(assembly)
    run = (
        _applied(template)
        if any(each["Type"] == MANIFEST for each in template["Resources"].values())
        else _booted(template)
    )
    return {
        "inventory.txt": _inventory(assembly, hashes),
        "template.json": hashes(_written(_substituted(template))) + "\n",
        **{name: hashes(text) for name, text in run.items()},
    }


def _booted(template: Template) -> dict[str, str]:
    """The user data of a tier's machines, which is taken out of the template."""
    (group,) = resources(template, "AWS::EC2::LaunchTemplate").values()
    boots = flat(group["Properties"]["LaunchTemplateData"]["UserData"])
    group["Properties"]["LaunchTemplateData"]["UserData"] = "<user-data.sh>"
    return {"user-data.sh": boots}


def _applied(template: Template) -> dict[str, str]:
    """The manifests of a tier's cluster, which are taken out of the template; files within them are named and not shown."""
    parts = []
    for id, resource in sorted(resources(template, MANIFEST).items()):
        objects = json.loads(flat(resource["Properties"]["Manifest"]))
        resource["Properties"]["Manifest"] = "<manifests.yaml>"
        for each in objects:
            each["metadata"]["labels"] = {
                k: v for k, v in each["metadata"]["labels"].items() if "cdk.eks/prune" not in k
            }
            if each["kind"] == "ConfigMap":
                each["data"] = {key: f"<{key}>" if "\n" in value else value for key, value in each["data"].items()}
                each["data"] = {key: value for key, value in sorted(each["data"].items())}
        parts.append(f"# {id[:-8]}\n" + yaml.safe_dump_all(objects, sort_keys=False, width=_WIDTH, allow_unicode=True))
    return {"manifests.yaml": "---\n".join(parts)}


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
    # Of a tier on Kubernetes Jobs and rollouts have: of the image, or of all that pods are told.
    rollouts = r'((?:\b(?:migration|minimum|dump|drill)-)|"Release": ")[0-9a-f]{10}(?:-[0-9a-f]{4})?\b'

    def replace(text: str) -> str:
        for hash, name in named.items():
            text = text.replace(hash, name)
        text = re.sub(rollouts, r"\1<release>", text)
        text = re.sub(r"(fines/front-files: )'?[0-9a-f]{10}'?", r"\1<files>", text)
        for release in releases:
            text = re.sub(rf"(Handle|Served){release}[0-9A-F]{{8}}", r"\1<release>", text)
            text = text.replace(release, "<release>")
        return text

    return replace
