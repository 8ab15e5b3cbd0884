"""The tables of the register, from one version to the next, as Alembic runs them."""
