"""Which versions of Kubernetes the tier on it can be of, and what goes with each. All its pins are here, but for Python's.

Synth knows no time, so what AWS supports is written down: EKS user guide, "Amazon EKS Kubernetes release calendar", as of
November 2026. `aws eks describe-addon-versions --kubernetes-version 1.36` lists what an add-on has for a version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stacks.values import SettingsError

NEWEST = "1.36"
# US dollars an hour of a cluster, and in extended support: EKS price list, us-east-1, November 2026.
_HOUR, _EXTENDED_HOUR, _MONTH = 0.10, 0.60, 730


@dataclass(frozen=True, kw_only=True)
class Pins:
    """What is of a version of Kubernetes: `standard_until` is the last day at the usual price."""

    kube_proxy: str
    autoscaler: str
    standard_until: str
    extended: bool = False


# kubectl, of the layer that the deployment runs, is of 1.36: it may be one minor version away from the cluster, both ways
# (Kubernetes' version skew policy); towards 1.34 what it applies here is the same.
VERSIONS = {
    "1.36": Pins(kube_proxy="v1.36.0-eksbuild.21", autoscaler="v1.36.1", standard_until="2027-08-02"),
    "1.35": Pins(kube_proxy="v1.35.3-eksbuild.5", autoscaler="v1.35.2", standard_until="2027-03-27"),
    "1.34": Pins(kube_proxy="v1.34.6-eksbuild.2", autoscaler="v1.34.3", standard_until="2026-12-02", extended=True),
}
# Each is for all of these versions.
ADD_ONS = {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "coredns": "v1.14.3-eksbuild.16",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
    "metrics-server": "v0.9.0-eksbuild.11",
    "amazon-cloudwatch-observability": "v6.4.0-eksbuild.1",
}
LOAD_BALANCER_CONTROLLER = "3.5.0"  # the chart's version, and with a v before it the image's
AUTOSCALER_CHART = "9.59.0"


def kubernetes_version(name: str, value: Any) -> str:
    """A version of Kubernetes that there are pins for.

    Raises:
        SettingsError: there are none.
    """
    given = str(value).strip()
    if given in VERSIONS:
        return given
    raise SettingsError(
        f"{name}={given!r}: use one of {', '.join(VERSIONS)}, for which add-ons are pinned and that EKS supports, "
        f"for example: -c {name}={NEWEST}"
    )


def extended_support(version: str) -> str:
    """What a version in extended support costs, in a sentence; nothing where it is not."""
    pins = VERSIONS[version]
    if not pins.extended:
        return ""
    more = (_EXTENDED_HOUR - _HOUR) * _MONTH
    return (
        f"kubernetes_version={version} is in extended support (standard support: until {pins.standard_until}): the cluster costs "
        f"{_EXTENDED_HOUR:.2f} dollars an hour where it cost {_HOUR:.2f}, {more:.0f} a month more; "
        f"upgrade one minor version after the other, up to -c kubernetes_version={NEWEST}"
    )
