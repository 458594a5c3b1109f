"""A secret that goes with its stack, and every backup with it."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.texts import replaced
from rehearsal.checks import Subject, variant
from rehearsal.checks.single.destroy import a_destroyed_stack_leaves_what_holds_data_and_nothing_else

_KEPT = """\
            ),
            removal_policy=cdk.RemovalPolicy.RETAIN,"""


@breaks(a_destroyed_stack_leaves_what_holds_data_and_nothing_else, says="is gone, and what it held with it", lasting=9)
def the_root_secret_goes_with_the_stack(subject: Subject) -> Iterator[None]:
    copy = variant.project(subject, "secret-goes")
    file = copy / "stacks/parts/storage.py"
    file.write_text(replaced(file.read_text(), {_KEPT: _KEPT.replace("RETAIN", "DESTROY")}, file.name))
    assembly = subject.tier.cdk.synth(subject.context, lambda _: None, name="single-secret-goes", project=copy)
    variant.deploy(subject, assembly, log="deploy-secret-goes")
    yield
