"""The operations of the Handle protocol, whatever the transport."""
