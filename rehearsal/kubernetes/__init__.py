"""What stands in for EKS: a cluster of real Kubernetes, its programs built from their own sources, on nodes of this system's own."""
