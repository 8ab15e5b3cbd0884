"""The tree of errors.

* Every leaf belongs to one branch, and the branches tell what can still be trusted.
* Leaves carry facts and say them in words that the reference server uses too.
"""

import inspect

from idnode.registry.handle.wire import errors


def leaves():
    classes = [item for _, item in inspect.getmembers(errors, inspect.isclass)]
    return [item for item in classes if not item.__subclasses__()]


def test_every_leaf_is_a_protocol_error_with_a_docstring():
    for leaf in leaves():
        assert issubclass(leaf, errors.ProtocolError)
        assert leaf.__doc__


def test_every_leaf_but_our_own_mistake_lies_in_exactly_one_branch():
    branches = (errors.MalformedEnvelope, errors.MalformedMessage, errors.MalformedBody)
    for leaf in leaves():
        expected = 0 if leaf is errors.EncodingError else 1
        assert sum(issubclass(leaf, branch) for branch in branches) == expected


def test_texts_are_those_of_the_reference_server():
    assert str(errors.MessageIncomplete(58, 10)) == "Expecting 58 bytes, only received 10"
    assert str(errors.MessageTooShort(3)) == "Invalid message length"


def test_facts_stay_with_the_error():
    error = errors.CountTooLarge(2**31, 4)
    assert (error.count, error.possible) == (2**31, 4)
