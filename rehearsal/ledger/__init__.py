"""Whether the stack's resources exist and are what the template says, read back through each service's own API."""

from rehearsal.ledger.reading import Holding, Ledger, holdings, read_back

__all__ = ["Holding", "Ledger", "holdings", "read_back"]
