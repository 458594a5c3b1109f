"""What production asks of its settings besides."""

from __future__ import annotations

import pytest

from stacks.settings import Settings
from tests.stacks.given import GOOD, complaints

PRODUCTION = GOOD | {"domain": "multas.gob.ar", "stage": "production"}


def test_production_asks_for_an_image_that_no_deployment_changes() -> None:
    (line,) = complaints(dict(PRODUCTION))
    assert line.startswith(
        "machine_image is missing: production names its image, so that no deployment replaces a machine"
    )
    (line,) = complaints(PRODUCTION | {"machine_image": "/aws/service/debian/release/13/latest/arm64"})
    assert line.startswith("machine_image='/aws/service/debian/release/13/latest/arm64' names another image tomorrow")


@pytest.mark.parametrize("image", ["ami-0123456789abcdef0", "/aws/service/debian/release/13/20251006-2257/arm64"])
def test_production_takes_a_concrete_image_and_protects_itself(image: str) -> None:
    settings = Settings.from_context(PRODUCTION | {"machine_image": image})
    assert settings.deletion_protection
    assert settings.stack_name == "fines-production-single"


def test_production_can_be_unprotected_before_it_is_destroyed() -> None:
    given = PRODUCTION | {"machine_image": "ami-0123456789abcdef0", "deletion_protection": "false"}
    assert not Settings.from_context(given).deletion_protection


@pytest.mark.parametrize("domain", ["fines.example", "fines.example.org", "a.test"])
def test_production_does_not_take_a_name_that_nobody_can_own(domain: str) -> None:
    (line,) = complaints(PRODUCTION | {"machine_image": "ami-0123456789abcdef0", "domain": domain})
    assert line == f"domain={domain!r} is reserved for examples: production wants a name of your own, -c domain=..."
