"""Which resource types are played by a stand-in, and where it differs from AWS; printed in every report."""

STAND_INS = {
    "AWS::EC2::EIP": "taken from the range for benchmarks and routed to the machine on this host alone; nobody on the internet reaches it",
    "AWS::EC2::Volume": "a sparse file behind a loop device: neither encrypted nor as fast or slow as gp3",
    "AWS::EC2::FlowLog": "recorded and read back, but no traffic is logged",
    "AWS::DLM::LifecyclePolicy": "recorded and read back, but its schedule never takes a snapshot",
    "AWS::AutoScaling::AutoScalingGroup": "machines are systemd-nspawn containers; a dead one is noticed in seconds, not minutes",
    "AWS::AutoScaling::ScheduledAction": "run by a clock of the rehearsal's own, which stands but in the checks that let it run",
    "AWS::AutoScaling::ScalingPolicy": "decides as AWS's alarms would, by the same clock; shrinks by one machine at a time",
    "AWS::EC2::NatGateway": "recorded and read back; private machines reach out through this system, with or without one",
    "AWS::EC2::SecurityGroupEgress": "recorded and read back; what machines send is not held back",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "HAProxy in a machine of each subnet, configured from the local AWS's own records",
    "AWS::RDS::DBInstance": "PostgreSQL 17 in a machine, whose master is no superuser; its standby is a streaming replica",
    "AWS::Backup::BackupPlan": "recorded and read back, but its schedule never takes a snapshot",
    "AWS::Backup::BackupSelection": "recorded and read back; nothing takes the role that it names",
    "AWS::Backup::BackupVault": "recorded and read back, and empty; its access policy refuses nobody",
    "AWS::Events::Rule": "recorded and read back; AWS Backup takes no snapshot here, so that none can fail",
    "AWS::Lambda::Function": "those made from an image run in a machine of their subnet, by podman; others as processes",
    "AWS::CloudFront::Distribution": "an edge on this system, under a certificate of the rehearsal's authority; it compresses with gzip alone",
    "AWS::CertificateManager::Certificate": "signed by the rehearsal's own authority, once its validation record is in the zone",
    "AWS::Route53::RecordSet": "told by the rehearsal's resolver; health of targets and shares by weight are not looked at",
    "AWS::EKS::Cluster": "Kubernetes of the same minor version, built from its sources: one control plane behind a private address",
    "AWS::EKS::Nodegroup": "containerd, kubelet and kube-proxy in namespaces of this system; as many as the group has at least",
    "AWS::EKS::Addon": "CoreDNS and metrics-server really run, of the versions that are pinned here; the others are recorded and read back",
    "AWS::EKS::AccessEntry": "decides who is let in, by tokens that STS's signature proves; access policies become RBAC",
    "AWS::EKS::PodIdentityAssociation": "an agent on each node hands out sessions of the role; its trust policy is not asked",
    "AWS::KMS::Key": "recorded and read back; nothing is encrypted with it",
    "Custom::AWSCDK-EKS-HelmChart": "Helm installs charts of the same names and versions from a repository of the rehearsal's own",
    "AWS::SecretsManager::RotationSchedule": "recorded and read back; a rotation that is asked for runs all four steps, the schedule starts none",
}

# The same where no machine can boot; a type that is not here is played as above.
WITHOUT_MACHINES = {
    "AWS::EC2::EIP": "taken from the range for benchmarks and associated with nothing: no machine was booted",
    "AWS::EC2::Volume": "recorded, with an empty sparse file that nothing attaches: no machine was booted",
    "AWS::AutoScaling::AutoScalingGroup": "its instance is recorded and stays pending; a stand-in gives its signals, with the host's role",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "recorded and read back; nothing listens: no machine was booted",
    "AWS::RDS::DBInstance": "recorded and read back; there is no database: no machine was booted",
    "AWS::Lambda::Function": "recorded and read back; those from an image answer without being run: no machine was booted",
    "AWS::CloudFormation::WaitCondition": "a stand-in says that the release serves, with the host's role: no machine was booted",
}
