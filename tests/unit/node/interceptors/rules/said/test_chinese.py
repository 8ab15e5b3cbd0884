"""The Chinese of errors keeps these promises.

- Every text of an error that a client's request may bring about has its Chinese.
- Tables have Chinese in every line, with the slots of the English, and a message stands in one of them only.
- What varies in a message is found again in its Chinese, and messages within messages are said in Chinese, too.
- A text that nobody knows stays as it is, and a node that refuses nothing reads no table.
"""

import re
import string
import subprocess
import sys
import tomllib

import pytest
from tests.unit.node.interceptors.rules.said import raised

from idnode.node.interceptors.exchange import Exchange
from idnode.node.interceptors.rules.catalogue import Catalogue
from idnode.node.interceptors.rules.said.chinese import TABLES, in_chinese, messages
from idnode.node.service.errors import AuthenticationFailed
from idnode.registry.handle.errors import InvalidValue
from idnode.registry.handle.wire.errors import FieldTooShort

_FRAME = re.compile(r"(com\.google|java)[a-zA-Z.]+: ")


def _has_chinese(text):
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_every_error_says_what_it_says_in_chinese_too():
    found = raised.texts()
    assert len(found) > 250
    missing = [f"{place}: {text}" for place, text in found if not _is_known(text)]
    assert not missing, "\n".join(missing)


def _is_known(text):
    """Return whether a table has a text, or what it says behind the name of a class of the reference server."""
    found = text.rstrip(".")
    while found not in messages():
        framed = _FRAME.match(found)
        if framed is None:
            return False
        found = found[framed.end() :]
    return True


def test_errors_that_are_left_out_exist():
    classes = raised.classes()
    assert {*raised.NEVER_ANSWERED, *raised.CARRIED} <= classes.keys()


@pytest.mark.parametrize("table", sorted(TABLES.glob("*.toml")), ids=lambda path: path.stem)
def test_tables_are_chinese_with_the_same_slots(table):
    for section in tomllib.loads(table.read_text("utf-8")).values():
        for english, chinese in section.items():
            slots = [name for _, name, *_ in string.Formatter().parse(chinese) if name is not None]
            if "{}" in english:
                assert len(slots) == english.count("{}"), english
            # A slot alone stands for a message within another's frame.
            assert _has_chinese(chinese) or chinese == "{:said}", english


def test_a_message_stands_in_one_table():
    keys = [
        english
        for table in TABLES.glob("*.toml")
        for section in tomllib.loads(table.read_text("utf-8")).values()
        for english in section
    ]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Index conflict for 300", "索引 300 冲突"),
        ("The required value name at index 2000 is missing", "缺少索引 2000 的必填属性 name"),
        ("Unknown digest algorithm: 9", "未知的摘要算法：9"),
        ("There is no template 88.900.1 gear1.1", "模板 88.900.1 gear1.1 不存在"),
        (
            "com.google.gson.JsonParseException: java.lang.IllegalStateException: Not a JSON Primitive: {}",
            "不是 JSON 基本类型：{}",
        ),
        ("Value {0} cannot be encoded: {x", "索引 {0} 的值无法编码：{x"),
        ("{}", "{}"),
        (
            "Datagrams of request 0x7 contradict each other: part 1 is empty",
            "请求 0x7 的各数据报互相矛盾：第 1 部分为空",
        ),
        ("something that nobody said before", "something that nobody said before"),
        ("", ""),
    ],
)
def test_messages_in_chinese(english, chinese):
    assert in_chinese(english) == chinese


@pytest.mark.parametrize(
    "error",
    [AuthenticationFailed(), FieldTooShort(9, 2), InvalidValue("TTL 9 does not fit into 32 bits")],
    ids=lambda error: type(error).__name__,
)
def test_the_chinese_line_of_a_refusal_is_chinese_and_the_english_is_not(error):
    exchange = Exchange("handle_tcp", b"", started=0.0)
    exchange.error = error
    why = Catalogue().explain(exchange)
    said = str(error) or "the secret is wrong"
    assert said in why.en
    assert said not in why.zh
    assert not _has_chinese(why.en)


def test_tables_are_not_read_before_a_refusal():
    program = (
        "from idnode.node.interceptors.rules.catalogue import Catalogue\n"
        "from idnode.node.interceptors.rules.said.chinese import messages\n"
        "Catalogue()\n"
        "print(messages.cache_info().currsize)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "0"
