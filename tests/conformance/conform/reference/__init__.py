"""A right client, written plainly on the codecs and call descriptions of `idnode`; each wrong turn is one word.

`Client(wrong)` goes right where ``wrong`` is empty, and otherwise wrong in the one way that the word names.
"""
