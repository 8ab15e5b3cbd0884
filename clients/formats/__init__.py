"""Files of identifiers: one module a format, and one row in `clients/formats/table.py`."""
