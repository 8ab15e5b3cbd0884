"""The Handle wire protocol as bytes in, messages out; no I/O."""
