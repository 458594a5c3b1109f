"""What is newer is offered with the words to type, and nothing is offered that must not be taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from operate import pins, upgrade
from operate.finding import Finding, State
from operate.images import dated
from operate.pins import Pin, Unanswered
from stacks.settings import Cpu
from tests.operate.registry import Registry
from tests.operate.server import IMAGES, NEWEST, RELEASE
from tests.operate.world import World, subject_of

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """Knows the pins of the project, and of two of them newer versions."""
    known: dict[str, list[str]] = {canonicalize_name(pin.name): [str(pin.version)] for pin in pins.python_pins()}
    known["aws-cdk-lib"] += ["2.999.0", "2.999.1rc1", "3.0.0"]
    known["django"] += ["5.2.999", "6.0.1"]
    cli = str(pins.cli_pin().version)
    # the tag latest is the last one, as it is in the world: a stray build
    registry = Registry(python=known, npm={"aws-cdk": ["2.1000.0", cli, "2.9999.0", "2.9999.1-rc.0", "3.0.0"]})
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{registry.url}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("npm_config_registry", registry.url)
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(Path.home() / "npm"))
    yield registry
    registry.close()


def image_of(*words: str) -> Finding:
    return upgrade.newer_image(subject_of(words))


def test_all_of_debians_dated_images_for_the_processor_are_found(world: World) -> None:
    for place, (cpu, name) in enumerate(((Cpu.ARM64, "arm64"), (Cpu.X86_64, "amd64"))):
        found = dated(subject_of([]).account, cpu)
        assert [image.parameter for image in found] == [f"{RELEASE}/{version}/{name}" for version in sorted(IMAGES)]
        assert [image.id for image in found] == [IMAGES[version][place] for version in sorted(IMAGES)]


def test_the_newest_image_needs_nothing(world: World) -> None:
    for image in (f"{RELEASE}/{NEWEST}/arm64", IMAGES[NEWEST][0]):
        assert image_of(f"machine_image={image}").state is State.OK


@pytest.mark.parametrize("image", [f"{RELEASE}/20250814-2204/arm64", IMAGES["20250814-2204"][0]])
def test_an_older_image_is_told_with_the_deployment_to_type(world: World, image: str) -> None:
    found = image_of("domain=multas.gob.ar", f"machine_image={image}")
    assert found.state is State.WARNING and "2 since" in found.seen and IMAGES[NEWEST][0] in found.seen
    assert found.do.startswith(
        f"cdk deploy -c tier=single -c domain=multas.gob.ar -c machine_image={RELEASE}/{NEWEST}/arm64  "
    )


def test_the_image_that_is_offered_is_for_the_processor(world: World) -> None:
    assert image_of("cpu=x86_64").do.endswith(f"-c machine_image={RELEASE}/{NEWEST}/amd64")


def test_no_image_and_a_strange_one_are_told_apart(world: World) -> None:
    assert "none is fixed" in image_of().seen
    assert "none is fixed" in image_of(f"machine_image={RELEASE}/latest/arm64").seen
    assert "none of Debian's" in image_of("machine_image=ami-0123456789abcdef0").seen


def test_the_pins_are_those_that_people_write() -> None:
    names = {pin.name for pin in pins.python_pins()}
    assert {"aws-cdk-lib", "constructs", "cdk-nag", "Django", "psycopg"} <= names
    assert pins.cli_pin().version == Version(
        json.loads((PROJECT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    )


@pytest.mark.parametrize(
    ("name", "pinned", "there", "newest"),
    [
        ("constructs", "10.8.1", ["10.8.1", "10.9.0", "11.0.0"], "10.9.0"),
        ("Django", "5.2.19", ["5.2.20", "5.3", "6.0"], "5.2.20"),
        ("tzdata", "2026.6", ["2026.6", "2027.1"], "2027.1"),
        ("granian", "2.8.7", ["2.8.6", "2.9.0rc1"], None),
    ],
)
def test_the_newest_is_finished_and_of_the_same_series(
    name: str, pinned: str, there: list[str], newest: str | None
) -> None:
    found = Pin(name, Version(pinned), "requirements.in").newest([Version(version) for version in there])
    assert found == (Version(newest) if newest else None)


def test_pip_and_npm_are_asked_and_stray_builds_are_passed_over(registry: Registry) -> None:
    cli = upgrade.newer_pin(pins.cli_pin(), pins.versions_of_package)
    assert cli.state is State.WARNING and "2.9999.0 is there" in cli.seen
    assert '"aws-cdk": "2.9999.0"' in cli.do and "package.json" in cli.do
    found = {
        pin.name: upgrade.newer_pin(pin, pins.versions_of_distribution)
        for pin in pins.python_pins()
        if pin.name in {"aws-cdk-lib", "cdk-nag"}
    }
    library = found["aws-cdk-lib"]
    assert library.state is State.WARNING and "write aws-cdk-lib==2.999.0 into requirements.in; make lock" in library.do
    assert found["cdk-nag"].state is State.OK


def test_a_registry_that_is_away_is_told_and_is_no_traceback(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_INDEX_URL", "npm_config_registry"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    found = [
        upgrade.newer_pin(pins.cli_pin(), pins.versions_of_package),
        upgrade.newer_pin(pins.python_pins()[0], pins.versions_of_distribution),
    ]
    assert [finding.state for finding in found] == [State.WARNING] * 2
    assert all("could not be asked" in finding.seen for finding in found)


def test_a_name_that_no_registry_has_is_unanswered(registry: Registry) -> None:
    with pytest.raises(Unanswered):
        pins.versions_of_distribution("no-such-distribution")
    with pytest.raises(Unanswered):
        pins.versions_of_package("no-such-package")


def test_the_command_prints_images_and_pins_and_changes_nothing(world: World, registry: Registry) -> None:
    before = {file: file.read_bytes() for file in PROJECT.glob("*.*") if file.is_file()}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "operate",
            "upgrade-check",
            "-c",
            "domain=fines.example",
            "-c",
            f"machine_image={RELEASE}/20251006-2257/arm64",
        ],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert f"machine_image={RELEASE}/{NEWEST}/arm64" in done.stdout and "5.2.999" in done.stdout
    assert " 3.0.0 " not in done.stdout and "6.0.1" not in done.stdout
    assert before == {file: file.read_bytes() for file in PROJECT.glob("*.*") if file.is_file()}


def test_without_credentials_the_pins_are_told_all_the_same(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = pins.python_pins()[:3]
    monkeypatch.setattr(pins, "python_pins", lambda: some)
    found = upgrade.upgrades(subject_of([]))
    assert found[0].name == "machine image" and found[0].state is State.STOPS
    assert [finding.name for finding in found[1:]] == [*(pin.name for pin in some), "aws-cdk"]
    newer = [finding.name for finding in found[1:] if finding.state is State.WARNING]
    assert newer == ["aws-cdk-lib", "aws-cdk"]
