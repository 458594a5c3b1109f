"""What a setting chooses from, where that is a few words."""

from __future__ import annotations

from enum import StrEnum


class Tier(StrEnum):
    """The three ways to run the service."""

    SINGLE = "single"
    ASG = "asg"
    EKS = "eks"


class Stage(StrEnum):
    """What a deployment is for; production asks for more care."""

    DEV = "dev"
    STAGING = "staging"
    PRODUCTION = "production"


class Cpu(StrEnum):
    """The processor architectures of EC2, by AWS's names."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


# The version of PostgreSQL that RDS makes; afterwards RDS brings its newer minor ones by itself.
POSTGRESQL = "17.6"
