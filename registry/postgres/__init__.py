"""The register on PostgreSQL, on one machine or many, shared by any number of nodes."""
