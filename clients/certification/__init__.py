"""Trust in a record: its signature, and the chain of certificates up to an agreed root."""
