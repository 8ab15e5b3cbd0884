"""Why the HTTP faces refuse a request before the service sees it."""

from __future__ import annotations

from typing import Final

from idnode.node.faces.http.authorization import CredentialsRefused
from idnode.node.faces.http.java_texts import MalformedRequest
from idnode.node.faces.http.body import BodyRefused
from idnode.node.interceptors.rules.rule import Rule

RULES: Final[dict[type[BaseException], Rule]] = {
    MalformedRequest: Rule(
        "W-HTTP-MALFORMED",
        "The request cannot be understood: {error}.",
        "请求无法理解：{error}。",
        "Send application/json in UTF-8: a list of values, one value, or a record with `values`; parameters as documented.",
        "请以 UTF-8 的 application/json 发送：值列表、单个值或带 `values` 的记录；参数见文档。",
        "handle-http-api.md §2",
    ),
    BodyRefused: Rule(
        "W-HTTP-BODY",
        "The body was not taken: {error}.",
        "请求体未被接收：{error}。",
        "Keep it within the limit, complete, and in the encoding that Content-Encoding names.",
        "请使请求体不超过上限、完整，且编码与 Content-Encoding 一致。",
        "handle-http-api.md §4",
    ),
    CredentialsRefused: Rule(
        "W-HTTP-CREDENTIALS",
        "The Authorization header does not prove an identity: {error}.",
        "Authorization 头未能证明身份：{error}。",
        "For Basic, percent-encode the user `index:handle` (301%3A0.NA%2F88.900.1) before the colon and the secret.",
        "使用 Basic 时，先对用户名“索引:标识”做百分号编码（301%3A0.NA%2F88.900.1），再接冒号和密钥。",
        "handle-http-api.md §7",
    ),
}
