"""A share has the enterprises of its prefixes and no others, answers as the whole does, and samples its own only."""

from random import Random

import pytest

from idnode.registry.datasets.choice import DatasetUnknown, choice_of, make, make_share


def test_a_share_has_its_enterprises_only():
    share = make_share("suzhou,only=88.912,except=88.912.1+88.912.2")
    assert len(share.enterprises) == 158
    assert share.identifiers(b"88.912.1") is None
    assert share.identifiers(b"88.901.1") is None
    assert share.prefixes()[0] == b"88.912"
    assert share.title(b"88.901") is None


def test_a_sample_is_of_the_share_and_resolves_as_in_the_whole():
    share, whole = make_share("suzhou,only=88.908.1"), make("suzhou")
    for handle in share.sample(50, Random(1)):
        prefix, _, suffix = handle.partition(b"/")
        assert prefix == b"88.908.1"
        assert whole.rank(handle) is not None
        found = share.identifiers(prefix)
        assert found.values(found.position(suffix)) == whole.identifiers(prefix).values(
            whole.identifiers(prefix).position(suffix)
        )


def test_every_identifier_of_a_share_can_be_drawn():
    share = make_share("suzhou,only=88.908.1")

    class Ends(Random):
        def randrange(self, count):
            return self.pop(count)

    for pick in (lambda count: 0, lambda count: count - 1):
        chance = Ends()
        chance.pop = pick
        assert make("suzhou").rank(share.sample(1, chance)[0]) is not None


def test_a_share_of_nothing_is_empty():
    assert make_share("suzhou,only=99.1").sample(3, Random(1)) == []


@pytest.mark.parametrize("text", ["suzhou,only=", "suzhou,seed=x", "suzhou,what=1", "paris"])
def test_what_names_no_data_set_is_refused(text):
    with pytest.raises(DatasetUnknown):
        choice_of(text)
