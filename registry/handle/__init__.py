"""The Handle data model and its wire form: names, values, value types, messages. No I/O."""
