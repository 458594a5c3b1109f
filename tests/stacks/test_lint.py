"""cfn-lint, which knows CloudFormation's schemas, has nothing to say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from tests.stacks.synthesis import TIERS, Template, resources, synthesize

VARIANTS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "production": {
        "stage": "production",
        "domain": "multas.gob.ar",
        "machine_image": "ami-0123456789abcdef0",
        "alarm_email": "operator@multas.gob.ar",
        "region": "sa-east-1",
        "cpu": "x86_64",
        "data_volume_snapshot": "snap-0123456789abcdef0",
    },
}


def lint(template: Template, folder: Path) -> list[str]:
    file = folder / "template.json"
    file.write_text(json.dumps(template))
    matches = cfnlint.lint_file(file, config={"regions": ["us-east-1", "sa-east-1"]})
    return [f"{match.rule.id} {match.message} at {'/'.join(str(p) for p in match.path or [])}" for match in matches]


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_cloudformation_would_take_the_template(variant: str, tier: str, tmp_path: Path) -> None:
    assert lint(synthesize(tier=tier, **VARIANTS[variant]), tmp_path) == []


def test_a_wrong_property_is_noticed(tmp_path: Path) -> None:
    template = synthesize()
    next(iter(resources(template, "AWS::EC2::Volume").values()))["Properties"]["VolumeType"] = "gp5"
    assert any(finding.startswith("E3030") for finding in lint(template, tmp_path))
