#!/usr/bin/env python3
"""A hosted zone of its own, for those who have none: cdk deploy --app 'python zone.py' -c hosted_zone_name=example.org"""

from __future__ import annotations

import sys

import aws_cdk as cdk

from stacks import posture
from stacks.settings import SettingsError
from stacks.zone import ZoneStack, zone_name


def build_zone(*, outdir: str | None = None, context: dict[str, object] | None = None) -> cdk.App:
    """The app with the zone's stack.

    Raises:
        SettingsError: the zone's name is missing or wrong.
    """
    app = cdk.App(context=dict(context or {}), outdir=outdir, stack_traces=False)
    app.node.set_context("aws:cdk:disable-creation-stack-traces", True)
    ZoneStack(app, "fines-zone", name=zone_name(app.node.get_all_context()))
    posture.watch(app)
    return app


if __name__ == "__main__":
    try:
        build_zone().synth()
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
