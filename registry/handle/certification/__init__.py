"""Signatures of records and certificates of identities: the data of HS_SIGNATURE and HS_CERT (handle-protocol.md §3.7)."""
