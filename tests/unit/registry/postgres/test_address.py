"""An address of several hosts comes apart into one for each, with all else that it says."""

import pytest

from idnode.registry.postgres.address import Address


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("postgresql://u:p%40@a,b:6000/db?sslmode=require", [("a", "5432"), ("b", "6000")]),
        ("postgresql://u:p%40@[::1]:6000/db?sslmode=require", [("::1", "6000")]),
        (
            "postgresql:///db?host=/run/pg&user=u&password=p%40&sslmode=require",
            [("/run/pg", "5432")],
        ),
    ],
)
def test_each_host_has_an_address_of_its_own(text, hosts):
    each = Address(text).each()
    assert [address.hosts for address in each] == [[host] for host in hosts]
    for address in each:
        assert (address.user, address.database, address.target) == ("u", "db", "any")
        assert address.query["sslmode"] == "require"
        assert address.password == "p@" or address.query["password"] == "p@"


def test_without_a_host_it_is_this_machine():
    assert Address("postgresql:///db").each()[0].hosts == [("localhost", "5432")]
