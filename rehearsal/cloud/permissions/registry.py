"""What a request to the image registry needs: the distribution protocol in terms of ECR's actions."""

from __future__ import annotations

import re

from rehearsal.cloud.permissions.asking import Check, Question, Refusal, Request

_HOST = re.compile(r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com$")
_PATH = re.compile(
    r"^/v2/(?P<repository>[a-z0-9][a-z0-9._/-]*?)/(?:(?P<uploads>blobs/uploads(?:/[^/]*)?)|(?P<kind>blobs|manifests)/(?P<reference>[^/]+)|(?P<list>tags/list))/?$"
)
# Sources: the ECR user guide's policies for pulling and pushing, and the distribution specification.
_ACTIONS = {
    ("blobs", "HEAD"): "BatchCheckLayerAvailability",
    ("blobs", "GET"): "GetDownloadUrlForLayer",
    ("manifests", "HEAD"): "BatchGetImage",
    ("manifests", "GET"): "BatchGetImage",
    ("manifests", "PUT"): "PutImage",
    ("manifests", "DELETE"): "BatchDeleteImage",
    ("uploads", "POST"): "InitiateLayerUpload",
    ("uploads", "PATCH"): "UploadLayerPart",
    ("uploads", "GET"): "UploadLayerPart",
    ("uploads", "PUT"): "CompleteLayerUpload",
    ("list", "GET"): "ListImages",
}


def serves(host: str) -> bool:
    """Whether a host name is an image registry's."""
    return _HOST.match(host) is not None


def resolve(request: Request, *, partition: str) -> Question:
    """The permissions a registry request needs; none for the version check, which any token passes."""
    host = _HOST.match(request.host)
    if host is None:
        raise Refusal("UnknownOperation", f"{request.host} is no image registry", protocol="registry")
    if request.path.rstrip("/") == "/v2" and request.method in ("GET", "HEAD"):
        return Question("ecr", "CheckVersion", (), "registry")
    found = _PATH.match(request.path)
    if found is None:
        raise Refusal("UnknownOperation", f"The registry has no path {request.path}", protocol="registry")
    kind = "uploads" if found["uploads"] else found["kind"] or "list"
    action = _ACTIONS.get((kind, request.method))
    if action is None:
        raise Refusal(
            "UnknownOperation", f"The registry does not know {request.method} {request.path}", protocol="registry"
        )
    arn = f"arn:{partition}:ecr:{host['region']}:{host['account']}:repository/{found['repository']}"
    return Question(
        "ecr", action, (Check(f"ecr:{action}", arn),), "registry", parameters={"repositoryName": found["repository"]}
    )
