"""Whether the stack's resources exist and are what the template says, read back through each service's own API."""

from rehearsal.ledger.reading import Ledger, read_back

__all__ = ["Ledger", "read_back"]
