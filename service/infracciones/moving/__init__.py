"""Moving all rows to another database of the same release: what differs is told by digests of blocks, and copied."""
