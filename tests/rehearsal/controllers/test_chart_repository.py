"""Charts of our own under the names and versions that a template asks for, and none besides."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

from rehearsal.controllers.chart_repository import Asked, ChartRepository

CONTROLLER = Asked("https://charts.example/eks", "aws-load-balancer-controller", "3.0.1")
UNKNOWN = Asked("https://charts.example/eks", "no-such-chart", "1.0.0")


def repository(*asked: Asked) -> ChartRepository:
    return ChartRepository(asked=lambda: list(asked), values={"webhook": "https://192.0.2.1/readiness"})


def test_an_index_has_what_is_asked_for_and_is_written_here() -> None:
    found = repository(CONTROLLER, UNKNOWN)
    entries = json.loads(found._index("https://charts.example/eks"))["entries"]
    assert set(entries) == {"aws-load-balancer-controller"}
    (entry,) = entries["aws-load-balancer-controller"]
    assert entry["version"] == "3.0.1"
    assert entry["digest"] == hashlib.sha256(found.archive(CONTROLLER)).hexdigest()
    assert json.loads(found._index("https://charts.example/other"))["entries"] == {}


def test_an_archive_is_a_chart_of_that_version_with_the_stand_ins_values() -> None:
    with tarfile.open(fileobj=io.BytesIO(repository(CONTROLLER).archive(CONTROLLER))) as tar:
        names = tar.getnames()
        about = json.load(tar.extractfile("aws-load-balancer-controller/Chart.yaml"))  # type: ignore[arg-type]
        values = json.load(tar.extractfile("aws-load-balancer-controller/values.yaml"))  # type: ignore[arg-type]
    assert (about["name"], about["version"]) == ("aws-load-balancer-controller", "3.0.1")
    assert values["standIn"]["webhook"] == "https://192.0.2.1/readiness"
    assert "aws-load-balancer-controller/crds/targetgroupbindings.yaml" in names
