"""Whether a record can be trusted: its signature, and the chain of certificates up to an agreed root."""
