"""Proofs of identity as bytes: secrets, signatures, session ciphers."""
