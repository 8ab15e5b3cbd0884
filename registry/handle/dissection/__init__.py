"""Messages of the Handle protocol as trees of named fields with offsets, for people who look at bytes."""
