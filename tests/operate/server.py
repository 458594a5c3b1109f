"""A local AWS on a loopback port, with Debian's public images and a few real instance types, which it lacks.

Usage: python -m tests.operate.server PORT FOLDER
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.local_aws import environment

REGION = "us-east-1"
RELEASE = "/aws/service/debian/release/13"
# version: its image for arm64, and for amd64
IMAGES = {
    "20250814-2204": ("ami-0a000000000000814", "ami-0b000000000000814"),
    "20251006-2257": ("ami-0a000000000001006", "ami-0b000000000001006"),
    "20261103-2300": ("ami-0a000000000001103", "ami-0b000000000001103"),
}
NEWEST = max(IMAGES)
_ZONES = {"a", "b", "c"}
# type: architecture, vCPUs, the zones that have it
TYPES = {
    "t4g.small": ("arm64", 2, _ZONES),
    "t3.small": ("x86_64", 2, _ZONES),
    "m7g.large": ("arm64", 2, {"b"}),
    "c7g.xlarge": ("arm64", 4, {"c"}),
    "g5g.xlarge": ("arm64", 4, _ZONES),
    "m99.large": ("arm64", 2, _ZONES),  # of a processor that its name does not tell
}


def main() -> None:
    port, folder = sys.argv[1], Path(sys.argv[2])
    os.environ |= environment(port, folder, REGION) | {
        "AUTH": "true",  # who asks has the permissions of its policies and no more
    }
    # MiniStack reads its settings when it is imported
    from ministack import app
    from ministack.services import ec2, ssm

    names: dict[str, str] = {}
    for version, images in IMAGES.items():
        for architecture, image in zip(("arm64", "amd64"), images, strict=True):
            names[f"{RELEASE}/{version}/{architecture}"] = image
            names[f"{RELEASE}/latest/{architecture}"] = image  # the last one stays
    ssm._PUBLIC_AMI_PARAMETERS |= names
    of_the_account = ssm._get_parameters_by_path

    def parameters_by_path(data: dict[str, Any]) -> Any:
        """Public parameters too, a page of at most ten, as AWS gives them."""
        if not str(data.get("Path")).startswith("/aws/service"):
            return of_the_account(data)
        found = sorted(name for name in names if name.startswith(f"{data['Path']}/"))
        begin = int(data.get("NextToken") or 0)
        page = {"Parameters": [ssm._public_parameter(name) for name in found[begin : begin + 3]]}
        return ssm.json_response(page | ({"NextToken": str(begin + 3)} if begin + 3 < len(found) else {}))

    ssm._get_parameters_by_path = parameters_by_path
    view = ec2._stub_image_view

    def image_view(ami_id: str, *words: Any) -> Any:
        return view(ami_id, *words) | ({"Architecture": "arm64"} if ami_id.startswith("ami-0a0000") else {})

    ec2._stub_image_view = image_view
    ec2._STUB_AMIS = [
        *ec2._STUB_AMIS,
        *(
            (image, f"debian-13-{architecture}-{version}", "Debian 13", "", "/dev/xvda", "136693071363", "")
            for version, images in IMAGES.items()
            for architecture, image in zip(("arm64", "amd64"), images, strict=True)
        ),
    ]
    ec2._ACTION_MAP |= {
        "DescribeInstanceTypes": lambda p: _types(ec2, p),
        "DescribeInstanceTypeOfferings": lambda p: _offerings(ec2, p),
    }
    sys.argv = sys.argv[:1]  # MiniStack reads the command line too
    app.main()


def _types(ec2: Any, parameters: Any) -> Any:
    wanted = ec2._parse_member_list(parameters, "InstanceType") or list(TYPES)
    if strange := [name for name in wanted if name not in TYPES]:
        return ec2._error("InvalidInstanceType", f"The following supplied instance types do not exist: {strange}", 400)
    items = "".join(
        f"<item><instanceType>{name}</instanceType><processorInfo><supportedArchitectures><item>{TYPES[name][0]}</item>"
        f"</supportedArchitectures></processorInfo><vCpuInfo><defaultVCpus>{TYPES[name][1]}</defaultVCpus></vCpuInfo></item>"
        for name in wanted
    )
    return ec2._xml(200, "DescribeInstanceTypesResponse", f"<instanceTypeSet>{items}</instanceTypeSet>")


def _offerings(ec2: Any, parameters: Any) -> Any:
    text = json.dumps(parameters)
    items = "".join(
        f"<item><instanceType>{name}</instanceType><locationType>availability-zone</locationType>"
        f"<location>{REGION}{zone}</location></item>"
        for name, (_, _, zones) in TYPES.items()
        if name in text
        for zone in sorted(zones)
    )
    return ec2._xml(
        200, "DescribeInstanceTypeOfferingsResponse", f"<instanceTypeOfferingSet>{items}</instanceTypeOfferingSet>"
    )


if __name__ == "__main__":
    main()
