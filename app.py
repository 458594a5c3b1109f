#!/usr/bin/env python3
"""Fines on AWS: one web service for traffic fines, run in one of three ways (context parameter `tier`)."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping
from typing import Any

if __name__ == "__main__":
    gc.disable()  # a fifth of Python's share of a synth: thousands of classes are imported, and the process ends with them
    from stacks import kernel

    kernel.start()

import aws_cdk as cdk

from stacks import posture
from stacks.settings import Settings, SettingsError, Tier


def build_app(context: Mapping[str, Any] | None = None, *, outdir: str | None = None) -> cdk.App:
    """The app with the stack of the chosen tier; `context` completes what the CLI and cdk.json give.

    Raises:
        SettingsError: with one line for each setting that must be mended.
    """
    app = cdk.App(context=dict(context or {}), outdir=outdir, stack_traces=False)
    # traces hold the name of a temporary folder: without them an assembly is the same bytes each time
    app.node.set_context("aws:cdk:disable-creation-stack-traces", True)
    settings = Settings.from_context(app.node.get_all_context())
    _stack_of(settings.tier)(app, settings.stack_name, settings=settings)
    posture.watch(app)
    return app


def _stack_of(tier: Tier) -> Callable[..., cdk.Stack]:
    """The tier's stack. Each is imported alone: what another tier is made of would take a third of a synth."""
    if tier is Tier.ASG:
        from stacks.asg import AsgStack

        return AsgStack
    if tier is Tier.EKS:
        from stacks.eks import EksStack

        return EksStack
    from stacks.single import SingleStack

    return SingleStack


if __name__ == "__main__":
    try:
        build_app().synth()
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
