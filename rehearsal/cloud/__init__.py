"""The local AWS: MiniStack, taught the types it lacks, with machines behind EC2 and TLS and permissions in front."""
