"""Containers' logs reach the log groups that the template's configuration names: each line once, also when files are turned over or go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.controllers.collector_settings import CollectorSettings
from rehearsal.controllers.log_collector import LogCollector, batches

OWN = Path("stacks/kubernetes/collector.conf").read_text()
TOLD = {"AWS_REGION": "us-east-1", "CLUSTER_NAME": "fines", "HOST_NAME": "node-1"}
SERVICE = "web-7d_fines_web-0123abcd.log"
FRONT = "web-7d_fines_front-0123abcd.log"
MIGRATION = "migration-1_fines_migration-0123abcd.log"
OTHER = "coredns-1_kube-system_coredns-0123abcd.log"


class Groups:
    """What reached CloudWatch."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}
        self.streams: set[str] = set()

    def put(self, group: str, stream: str, events: list[dict[str, Any]]) -> None:
        self.lines.setdefault(group, []).extend(each["message"] for each in events)
        self.streams.add(stream)


class Node:
    """A folder as kubelet keeps logs in it: links to links to files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "containers").mkdir(parents=True)

    def file(self, name: str) -> Path:
        return self.root / "pods" / name / "0.log"

    def write(self, name: str, *texts: str, kind: str = "F") -> None:
        if not self.file(name).exists():
            self.file(name).parent.mkdir(parents=True, exist_ok=True)
            link = self.root / "containers" / name
            if not link.is_symlink():
                link.symlink_to(f"/var/log/pods/{name}/0.log")
        with self.file(name).open("a") as file:
            for text in texts:
                file.write(f"2026-11-29T09:00:00.123456789Z stdout {kind} {text}\n")


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "log")


@pytest.fixture
def groups() -> Groups:
    return Groups()


@pytest.fixture
def collector(node: Node, groups: Groups) -> LogCollector:
    return LogCollector(CollectorSettings.read(OWN, TOLD), root=node.root, groups=groups)


def test_each_container_has_the_group_that_the_template_says(
    node: Node, groups: Groups, collector: LogCollector
) -> None:
    collector.step()
    for name in (SERVICE, FRONT, MIGRATION, OTHER):
        node.write(name, name[:8])
    collector.step()
    assert groups.lines == {
        "/fines/fines/service": [SERVICE[:8]],
        "/fines/fines/access": [FRONT[:8]],
        "/fines/fines/jobs": [MIGRATION[:8]],
        "/aws/containerinsights/fines/application": [json.dumps({"log": OTHER[:8]})],
    }
    assert f"node-1-service.var.log.containers.{SERVICE}" in groups.streams


def test_a_line_is_sent_once_and_only_when_it_is_whole(node: Node, groups: Groups, collector: LogCollector) -> None:
    node.write(SERVICE, "one")
    collector.step()
    node.write(SERVICE, "tw", kind="P")
    collector.step()
    assert groups.lines["/fines/fines/service"] == ["one"]
    node.write(SERVICE, "o")
    with node.file(SERVICE).open("a") as file:
        file.write("2026-11-29T09:00:00.1Z stdout F thr")
    collector.step()
    assert groups.lines["/fines/fines/service"] == ["one", "two"]
    with node.file(SERVICE).open("a") as file:
        file.write("ee\n")
    collector.step()
    assert groups.lines["/fines/fines/service"] == ["one", "two", "three"]


def test_a_file_that_is_turned_over_loses_no_line(node: Node, groups: Groups, collector: LogCollector) -> None:
    node.write(SERVICE, "one")
    collector.step()
    node.write(SERVICE, "two")
    node.file(SERVICE).rename(node.file(SERVICE).with_name("0.log.20261129"))
    node.write(SERVICE, "three")
    collector.step()
    collector.step()
    assert groups.lines["/fines/fines/service"] == ["one", "two", "three"]


def test_what_a_container_said_last_is_sent_when_its_file_is_gone(
    node: Node, groups: Groups, collector: LogCollector
) -> None:
    node.write(SERVICE, "one")
    collector.step()
    node.write(SERVICE, "last")
    (node.root / "containers" / SERVICE).unlink()
    node.file(SERVICE).unlink()
    collector.step()
    collector.step()
    assert groups.lines["/fines/fines/service"] == ["one", "last"]


def test_lines_from_before_are_sent_where_the_configuration_says_so(
    node: Node, groups: Groups, collector: LogCollector
) -> None:
    node.write(SERVICE, "before")
    node.write(OTHER, "before")
    collector.step()
    assert groups.lines == {"/fines/fines/service": ["before"]}


def test_a_group_that_takes_nothing_keeps_no_other_from_its_lines(node: Node, groups: Groups) -> None:
    class Refusing(Groups):
        def put(self, group: str, stream: str, events: list[dict[str, Any]]) -> None:
            if group.endswith("/access"):
                raise PermissionError("refused")
            super().put(group, stream, events)

    refusing = Refusing()
    node.write(FRONT, "lost")
    node.write(SERVICE, "kept")
    LogCollector(CollectorSettings.read(OWN, TOLD), root=node.root, groups=refusing).step()
    assert refusing.lines == {"/fines/fines/service": ["kept"]}


def test_no_call_has_more_than_cloudwatch_takes() -> None:
    made = list(batches([(1, "x" * 200_000)] * 11 + [(1, "")]))
    assert [len(each) for each in made] == [5, 5, 1]
    assert [len(each) for each in batches([(1, "x")] * 10_001)] == [10_000, 1]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[INPUT]\n  Name tail\n  Tag a.*\n  Path /a\n  Pth /b\n", "unknown configuration property 'pth'"),
        ("[INPUT]\n  Name exec\n", "plugin exec"),
        ("[INPUT]\n  Tag a\n", "without a name"),
        ("Name tail\n", "in a section"),
        ("[INPUT]\n  Name\n", "a name and a value"),
    ],
)
def test_what_fluent_bit_would_not_start_with_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        CollectorSettings.read(text, {})
