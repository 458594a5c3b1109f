"""Constructs that tiers share, one noun a file."""
