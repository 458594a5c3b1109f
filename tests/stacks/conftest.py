"""What tests of the stacks share: the CDK's program, as a synth starts it."""

from stacks import kernel

kernel.start()
