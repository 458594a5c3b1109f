"""What stands where a rehearsal without machines has no network: the local AWS on the loopback."""

from __future__ import annotations

from rehearsal.machines.network import Network

# Elastic IPs are figures here that lead nowhere.
LOOPBACK = Network(namespace="", link="", host="127.0.0.1", cloud="127.0.0.1", elastic="198.19.0.0/24")
