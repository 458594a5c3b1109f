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
        "hosted_zone_id": "Z0123456789ABCDEFGHIJ",
        "hosted_zone_name": "gob.ar",
        "permissions_boundary": "arn:aws:iam::111122223333:policy/boundary",
        "operators": "arn:aws:iam::111122223333:user/olga",
        "reviewers": "arn:aws:iam::111122223333:role/reviewers",
        "deployers": "arn:aws:iam::111122223333:user/delia",
        "admin_role": "arn:aws:iam::111122223333:role/administrators",
        "node_release": "1.36.1-20261101",
        "endpoint_public_ranges": "203.0.113.0/24",
    },
}


def lint(template: Template, folder: Path) -> list[str]:
    file = folder / "template.json"
    file.write_text(json.dumps(template))
    matches = cfnlint.lint_file(file, config={"regions": ["us-east-1", "sa-east-1"]})
    return [
        f"{match.rule.id} {match.message} at {'/'.join(str(p) for p in match.path or [])}"
        for match in matches
        if not _is_the_cdks_own(match, template)
    ]


def _is_the_cdks_own(match: Any, template: Template) -> bool:
    """Whether it is about what a function or a cluster depends on: the CDK names too much there, and no harm is done."""
    id = str((match.path or ["", ""])[1])
    kind = template["Resources"].get(id, {}).get("Type")
    return bool(match.rule.id == "W3005" and kind in ("AWS::Lambda::Function", "AWS::EKS::Cluster"))


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_cloudformation_would_take_the_template(variant: str, tier: str, tmp_path: Path) -> None:
    assert lint(synthesize(tier=tier, **VARIANTS[variant]), tmp_path) == []


def test_a_wrong_property_is_noticed(tmp_path: Path) -> None:
    template = synthesize()
    next(iter(resources(template, "AWS::EC2::Volume").values()))["Properties"]["VolumeType"] = "gp5"
    assert any(finding.startswith("E3030") for finding in lint(template, tmp_path))
