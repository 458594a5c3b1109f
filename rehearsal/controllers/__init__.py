"""What stands in for the controllers that a cluster of EKS gets by Helm, and for the repositories of their charts."""
