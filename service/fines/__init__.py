"""The fines service: officers record traffic fines, owners ask for theirs."""
