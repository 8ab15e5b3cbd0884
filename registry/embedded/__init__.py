"""The register in this process: an append-only log, an index in memory, one writer."""
