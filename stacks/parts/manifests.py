"""Manifests of Kubernetes: read from files, completed as data, and held against the schema of the cluster's version."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

from stacks.settings import SettingsError

MANIFESTS = Path(__file__).parent.parent / "kubernetes"
Manifest = dict[str, Any]
# What the load balancer's controller reads of a binding (its CRD, elbv2.k8s.aws/v1beta1), since no schema of Kubernetes has it.
_OF_CONTROLLERS = {
    ("elbv2.k8s.aws/v1beta1", "TargetGroupBinding"): {
        "serviceRef": dict,
        "targetGroupARN": str,
        "targetType": str,
        "vpcID": str,
    }
}


# The schemas of a version are read once, and not for each manifest: that took a sixth of what this tier's synth takes.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)


class ManifestError(SettingsError):
    """A manifest that the cluster would refuse; the message has the file, the place in it, and the reason."""


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """YAML in which a key that is given twice is an error, as it is to Kubernetes when it is strict."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is given twice", node.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def read(name: str) -> list[Manifest]:
    """The manifests of a file of `stacks/kubernetes`, in their order.

    Raises:
        ManifestError: it is no YAML of objects with a kind and a name.
    """
    file = MANIFESTS / f"{name}.yaml"
    try:
        found = [each for each in yaml.load_all(file.read_text(), Loader=_Loader) if each is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        raise ManifestError(f"{_shown(name)}{place}: {getattr(error, 'problem', error)}") from None
    for number, each in enumerate(found, 1):
        if not isinstance(each, dict):
            raise ManifestError(f"{_shown(name)} document {number}: it is no object: write apiVersion, kind, metadata")
        for key in ("apiVersion", "kind"):
            if not isinstance(each.get(key), str):
                raise ManifestError(f"{_shown(name)} document {number}: {key} is missing")
        if not isinstance(each.get("metadata"), dict) or not isinstance(each["metadata"].get("name"), str):
            raise ManifestError(f"{_shown(name)} document {number}: metadata.name is missing")
    return found


def named(manifests: Iterable[Manifest], kind: str, name: str = "") -> Manifest:
    """One of several, by its kind, and by its name where there are more of that kind.

    Raises:
        ManifestError: somebody took it out of its file, where it is completed.
    """
    for each in manifests:
        if each["kind"] == kind and (not name or each["metadata"]["name"] == name):
            return each
    raise ManifestError(f"stacks/kubernetes: there is no {kind} {name}".rstrip() + ", which the tier completes")


def check(name: str, manifests: Iterable[Manifest], *, version: str) -> None:
    """Holds completed manifests of a file against the schema of a version of Kubernetes: no field too many, none too few.

    Raises:
        ManifestError: with the file, the path in it, and the reason.
    """
    for each in manifests:
        what = f"{_shown(name)} {each['kind']} {each['metadata']['name']}"
        foreign = _OF_CONTROLLERS.get((each["apiVersion"], each["kind"]))
        if foreign is not None:
            _check_foreign(what, each.get("spec", {}), foreign)
            continue
        try:
            kubernetes_validate.validate(each, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            path = ".".join(str(part) for part in error.absolute_path) or "the whole"
            raise ManifestError(f"{what}, {path}: {error.message}") from None
        except kubernetes_validate.SchemaNotFoundError:
            raise ManifestError(
                f"{what}: Kubernetes {version} has no {each['kind']} of apiVersion {each['apiVersion']}"
            ) from None


def _check_foreign(what: str, spec: Mapping[str, Any], known: Mapping[str, type]) -> None:
    for key, value in spec.items():
        if key not in known:
            raise ManifestError(f"{what}, spec.{key}: it is none of {', '.join(known)}")
        if not isinstance(value, known[key]):
            raise ManifestError(f"{what}, spec.{key}: {value!r} is no {known[key].__name__}")
    for key in ("serviceRef", "targetGroupARN", "targetType"):
        if key not in spec:
            raise ManifestError(f"{what}, spec.{key}: it is missing")


def _shown(name: str) -> str:
    return f"stacks/kubernetes/{name}.yaml"


def template_of(manifest: Manifest) -> Manifest:
    """The template of the pods that a Deployment, a Job or a CronJob makes."""
    spec = manifest["spec"]
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    template: Manifest = spec["template"]
    return template


def containers_of(manifest: Manifest) -> list[Manifest]:
    """All containers of its pods, those that only begin them too."""
    spec = template_of(manifest)["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def job_of(cron: Manifest, *, name: str) -> Manifest:
    """A Job that does once what a CronJob does at its times."""
    template = cron["spec"]["jobTemplate"]
    metadata = {**template.get("metadata", {}), "name": name, "namespace": cron["metadata"]["namespace"]}
    return {"apiVersion": cron["apiVersion"], "kind": "Job", "metadata": metadata, "spec": template["spec"]}
