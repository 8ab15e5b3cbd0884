"""Our own high-volume API: many identifiers in one request, as msgpack, NDJSON or JSON."""
