"""Bodies of the vendor logins.

* Both read back, and every cut is refused; a login without a password has an empty one.
"""

import pytest

from idnode.registry.handle.wire import login
from idnode.registry.handle.wire.errors import CountTooLarge, FieldTooShort
from idnode.registry.handle.wire.resolution import Query, decode_query, encode_query


def test_a_login_reads_back_and_every_cut_is_refused():
    asked = login.Login(b"88.900.1/demo", 300)
    body = login.encode_login(asked)
    assert login.decode_login(body) == asked
    for end in range(len(body)):
        with pytest.raises(FieldTooShort):
            login.decode_login(body[:end])


def test_a_password_login_is_laid_out_as_a_query_of_one_type():
    asked = login.PasswordLogin(b"demo", "密码".encode())
    body = login.encode_password_login(asked)
    assert login.decode_password_login(body) == asked
    assert decode_query(body) == Query(b"demo", (), ("密码".encode(),))
    for end in range(len(body)):
        with pytest.raises((FieldTooShort, CountTooLarge)):
            login.decode_password_login(body[:end])


def test_no_password_is_an_empty_one():
    assert login.decode_password_login(encode_query(Query(b"demo"))).password == b""
