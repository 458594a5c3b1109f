"""The steps of the host's boot: each names what must have gone well before it, and they come to an end."""

from __future__ import annotations

import graphlib
import os
import re
import subprocess
from pathlib import Path

import pytest

from stacks.parts.machine import HOST_FILES

STEPS = HOST_FILES / "steps"


def needs(step: Path) -> set[str]:
    return {name for line in re.findall(r"^# After: (.*)$", step.read_text(), re.M) for name in line.split()}


GRAPH = {step.name: needs(step) for step in STEPS.iterdir()}


def test_each_step_names_steps_that_exist_and_none_waits_for_itself() -> None:
    assert set().union(*GRAPH.values()) <= set(GRAPH)
    graphlib.TopologicalSorter(GRAPH).prepare()  # raises CycleError


@pytest.mark.parametrize("step", sorted(GRAPH))
def test_a_step_that_calls_aws_or_jq_waits_until_they_are_installed(step: str) -> None:
    called = re.search(r"\b(aws|jq|podman|newest|escrow|release)\b (?!=)", _code(STEPS / step))
    if called and step != "packages-tools":
        assert "packages-tools" in _all_before(step)


@pytest.mark.parametrize(
    ("step", "before"),
    [
        ("database", "data"),  # an empty volume beside backups is refused before a database is made on it
        ("address", "volume"),  # the host before this one calls AWS by the address until it lets go of the volume
        ("data", "address"),  # and what it still sends to the repository is restored
        ("dns", "escrow"),  # the old keys are back before Knot would make new ones
        ("web", "escrow"),  # and the old certificate before NGINX would make its own
        ("release", "database"),
        ("watches", "release"),
        ("watches", "web"),
    ],
)
def test_what_must_not_come_too_early_waits(step: str, before: str) -> None:
    assert before in _all_before(step)


BOOT = """#!/bin/bash
# {after}
echo {name} >> "$ORDER"
{code}
"""


@pytest.mark.parametrize(("ends", "wanted", "failed"), [(0, "abcde", ""), (1, "abc", "c")])
def test_boot_runs_each_step_after_those_it_names_and_begins_none_after_a_failure(
    tmp_path: Path, ends: int, wanted: str, failed: str
) -> None:
    """The part of `boot` that runs steps, on steps of the test's own."""
    steps, order = tmp_path / "steps", tmp_path / "order"
    steps.mkdir()
    given = {
        "d": ("After: b c", "true"),
        "c": ("After: a", f"sleep 0.4; exit {ends}"),
        "b": ("After: a", "sleep 0.8"),
        "a": ("the first one", "sleep 0.3"),
        "e": ("After: b", "true"),
    }
    for name, (after, code) in given.items():
        (steps / name).write_text(BOOT.format(after=after, name=name, code=code))
        (steps / name).chmod(0o755)
    text = (HOST_FILES / "boot").read_text()
    engine = text[text.index("named() {") : text.index("if [[ ${#failed[@]} -gt 0 ]]")]
    engine = re.sub(r"^place .*\n|^rm -f /run/fines/refusal\n", "", engine, flags=re.M)
    script = f"""set -euo pipefail
        HOST_FILES={tmp_path} said={tmp_path}/said; mkdir -p $said
        log() {{ echo "$*" >&2; }}
        {engine}
        echo "failed: ${{failed[*]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script], env=os.environ | {"ORDER": str(order)}, capture_output=True, text=True, check=True
    )
    ran = order.read_text().split()
    assert ran[0] == "a"
    assert sorted(ran) == list(wanted)
    assert "e" not in ran or ran.index("e") > ran.index("b")
    assert "d" not in ran or ran.index("d") > max(ran.index("b"), ran.index("c"))
    assert f"failed: {failed}\n" in done.stdout


def _code(step: Path) -> str:
    return "\n".join(line for line in step.read_text().splitlines() if not line.startswith("#"))


def _all_before(step: str) -> set[str]:
    return set().union(*({name} | _all_before(name) for name in GRAPH[step])) if GRAPH[step] else set()
