"""Seeded data sets: identifiers that are computed when somebody asks for them, and stored nowhere."""
