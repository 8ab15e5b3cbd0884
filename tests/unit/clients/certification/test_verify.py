"""A record is trusted if every link is good up to the agreed root; each way of breaking the chain has its reason."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from idnode.clients.calls import run
from idnode.clients.certification.verify import Reason, verdict_object, verify
from idnode.node.tree.certificates import (
    BROKEN,
    ROOT,
    Issuer,
    broken_chains,
    certificate_value,
    sample,
    signed,
)
from idnode.registry.handle.model import HandleValue

NOW = 1_800_000_000.0


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Tree:
    """A root, a node and an enterprise, and the records in which their certificates are."""

    def __init__(self):
        self.top = Issuer(b"88", new_key(), NOW, root=True)
        self.node = Issuer(b"88.901", new_key(), NOW)
        self.enterprise = Issuer(b"88.901.7", new_key(), NOW)
        self.records = {
            b"0.NA/0.NA": (certificate_value(self.top.root_certificate(), 300),),
            b"0.NA/88.901": (self.certified(self.top, self.node),),
            b"0.NA/88.901.7": (self.certified(self.node, self.enterprise),),
        }
        self.roots = {ROOT: self.top.key.public_key()}

    @staticmethod
    def certified(by, whom):
        return certificate_value(by.certificate(whom.prefix, whom.key.public_key()), 300)

    def verdict(self, handle, values, *, now=NOW, roots=None):
        steps = verify(handle, tuple(values), roots=self.roots if roots is None else roots, now=now)
        return run(steps, lambda other: tuple(self.records.get(other, ())))


@pytest.fixture(scope="module")
def tree():
    return Tree()


def last(verdict):
    return verdict.links[-1].reason


def test_a_whole_chain_is_trusted(tree):
    verdict = tree.verdict(*sample(tree.enterprise))
    assert verdict.trusted
    assert [link.subject for link in verdict.links] == [
        "88.901.7/signed",
        "300:0.NA/88.901.7",
        "300:0.NA/88.901",
        "300:0.NA/0.NA",
    ]
    assert verdict_object(verdict)["links"][0]["reason"] == "good"


REASONS = {
    "expired": Reason.EXPIRED,
    "wrong-parent": Reason.WRONG_PARENT,
    "other-value": Reason.DIGEST,
    "revoked": Reason.REVOKED,
    "unknown-root": Reason.UNKNOWN_ROOT,
}


def test_each_broken_chain_is_broken_for_its_reason(tree):
    made = broken_chains(tree.node)
    tree.records |= made
    for name in BROKEN:
        handle = b"88.901/broken-" + name.encode()
        verdict = tree.verdict(handle, made[handle])
        assert (verdict.trusted, last(verdict)) == (False, REASONS[name]), name


def test_other_ways_of_breaking_it(tree):
    handle, values = sample(tree.enterprise)
    verdict = tree.verdict
    assert last(verdict(handle, values[:2])) is Reason.NO_SIGNATURE
    assert (
        last(verdict(handle, [*values, HandleValue(9, "URL", b"added")])) is Reason.UNSIGNED_VALUE
    )
    assert last(verdict(b"88.901.7/other", values)) is Reason.OTHER_SUBJECT
    assert last(verdict(handle, values, now=NOW - 10**8)) is Reason.NOT_YET_VALID
    assert last(verdict(handle, values, roots={})) is Reason.UNKNOWN_ROOT
    junk = [*values[:2], replace(values[2], data=b"x.y.z")]
    assert last(verdict(handle, junk)) is Reason.MALFORMED
    nobody = Issuer(b"99.1", tree.node.key, NOW)
    unknown = signed(handle, values[:2], nobody.signer())
    assert last(verdict(handle, unknown)) is Reason.NO_CERTIFICATE
    forger = replace(tree.enterprise, key=tree.node.key)
    assert (
        last(verdict(handle, signed(handle, values[:2], forger.signer()))) is Reason.BAD_SIGNATURE
    )


def test_values_that_one_may_not_see_do_not_matter(tree):
    handle, values = sample(tree.enterprise)
    assert tree.verdict(handle, values[1:]).trusted


def test_certificates_that_vouch_for_each_other_end(tree):
    one, other = Issuer(b"88.901.7", tree.node.key, NOW), Issuer(b"88.901", tree.node.key, NOW)
    circle = Tree.__new__(Tree)
    circle.roots = tree.roots
    everything = other.certificate(b"88.901.7", tree.node.key.public_key())
    circle.records = {
        b"0.NA/88.901.7": (certificate_value(everything, 1),),
        b"0.NA/88.901": (
            certificate_value(one.certificate(b"88.901", tree.node.key.public_key()), 1),
        ),
    }
    verdict = circle.verdict(*sample(one))
    assert not verdict.trusted
