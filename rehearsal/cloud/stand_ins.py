"""Which resource types are played by a stand-in, and where it differs from AWS; printed in every report."""

STAND_INS = {
    "AWS::EC2::EIP": "taken from the range for benchmarks and routed to the machine on this host alone; nobody on the internet reaches it",
    "AWS::EC2::Volume": "a sparse file behind a loop device: neither encrypted nor as fast or slow as gp3",
    "AWS::EC2::FlowLog": "recorded and read back, but no traffic is logged",
    "AWS::DLM::LifecyclePolicy": "recorded and read back, but its schedule never takes a snapshot",
    "AWS::AutoScaling::AutoScalingGroup": "machines are systemd-nspawn containers; a dead one is noticed in seconds, not minutes",
}

# The same where no machine can boot; a type that is not here is played as above.
WITHOUT_MACHINES = {
    "AWS::EC2::EIP": "taken from the range for benchmarks and associated with nothing: no machine was booted",
    "AWS::EC2::Volume": "recorded, with an empty sparse file that nothing attaches: no machine was booted",
    "AWS::AutoScaling::AutoScalingGroup": "its instance is recorded and stays pending; a stand-in gives its signals, with the host's role",
    "AWS::CloudFormation::WaitCondition": "a stand-in says that the release serves, with the host's role: no machine was booted",
}
