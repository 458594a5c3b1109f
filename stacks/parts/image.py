"""The image of the service: one for all tiers, machines and functions."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

from stacks.settings import Cpu

SERVICE = Path(__file__).parent.parent.parent / "service"
_PLATFORMS = {Cpu.ARM64: ecr_assets.Platform.LINUX_ARM64, Cpu.X86_64: ecr_assets.Platform.LINUX_AMD64}
_NOT_IN_THE_IMAGE = [
    "tests",
    "testing",
    "conftest.py",
    "requirements-dev.*",
    "requirements.in",
    "**/__pycache__",
    "**/*.pyc",
    "**/.*_cache",
]


def service_image(scope: Construct, id: str, *, cpu: Cpu, stage: str | None = None) -> ecr_assets.DockerImageAsset:
    """The image built from the folder `service`, for the processor of the machines.

    Another `stage` of the same Dockerfile is what pods need besides, that machines have of their own: `front` is NGINX, and
    `keeper` the service with PostgreSQL's programs.
    """
    return ecr_assets.DockerImageAsset(
        scope, id, directory=str(SERVICE), platform=_PLATFORMS[cpu], exclude=_NOT_IN_THE_IMAGE, target=stage
    )
