"""EPP messages survive the way through XML; what is no message, or an attack on its reader, is refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.node.service.docking import epp
from idnode.node.service.docking.epp import (
    Command,
    Response,
    read_command,
    read_response,
    write_command,
    write_response,
)
from idnode.node.service.errors import EppUnreadable

SPEC = b"""<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><command>
  <create><prefix:create xmlns:prefix="urn:ietf:params:xml:ns:idis-entprefix-1.0">
    <prefix:shrPrefix>88.300</prefix:shrPrefix><prefix:entId>E-17</prefix:entId><prefix:prefix>88.300.7</prefix:prefix>
  </prefix:create></create><clTRID>sim-0001</clTRID></command></epp>"""

plain = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=40)


def test_the_example_of_the_specification_is_read():
    fields = {"shrPrefix": "88.300", "entId": "E-17", "prefix": "88.300.7"}
    assert read_command(SPEC) == Command("prefix:create", fields, "sim-0001")


@given(plain, plain, plain)
def test_messages_survive_xml(one, other, identity):
    command = Command("ent:create", {"entNameCn": one, "contact/name": other}, identity)
    assert read_command(write_command(command)) == command
    data = {"entId": one}
    response = Response(1301, identity, "sv", "ent:creData", data, (3, other), "2026-01-01")
    read = read_response(write_response(response))
    assert (read.code, read.data, read.queue) == (1301, data, (3, other))


@pytest.mark.parametrize("op", [{"msgID": ""}, {"msgID": "7"}])
def test_polls_survive_xml(op):
    command = Command("poll:ack" if op["msgID"] else "poll:req", op, "c")
    assert read_command(write_command(command)) == command


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><epp><command>&b;</command></epp>'
FILE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><epp><command>&a;</command></epp>'
DEEP = b"<epp><command><create><e:create xmlns:e='%b'>" % epp.NAMESPACES["ent"].encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<epp/>",
        b"<html/>",
        b"<epp><command/></epp>",
        b"<epp><command><create><x/></create></command></epp>",
        BOMB,
        FILE,
        DEEP + b"<a>" * 40 + b"</a>" * 40 + b"</e:create></create></command></epp>",
        DEEP
        + b"".join(b"<f%d>x</f%d>" % (n, n) for n in range(300))
        + b"</e:create></create></command></epp>",
        b'<?xml version="1.0" encoding="unheard-of"?><epp/>',
    ],
)
def test_what_is_no_message_is_refused(body):
    with pytest.raises(EppUnreadable):
        read_command(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(body):
    for read in (read_command, read_response):
        with pytest.raises(EppUnreadable):
            read(body)
