"""Rules of all HTTP faces: requests that they refuse before the service sees them."""

from __future__ import annotations

from typing import Final

from aiohttp.http_exceptions import HttpProcessingError

from idnode.node.faces.http.authorization import CredentialsRefused, UserNotEncoded
from idnode.node.faces.http.body import BodyRefused, Unreadable
from idnode.node.faces.http.java_texts import MalformedRequest
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
    Unreadable: Rule(
        "W-HTTP-UNREADABLE",
        "The request is not in the form that this path reads: {error}.",
        "请求不是该路径所接受的形式：{error}。",
        "Compare it with the call's description at /docs.",
        "请对照 /docs 中的接口说明。",
    ),
    HttpProcessingError: Rule(
        "W-HTTP-NOT-HTTP",
        "What came on the HTTP port is no HTTP request: {error}.",
        "HTTP 端口收到的内容不是 HTTP 请求：{error}。",
        "Check port and scheme; the binary protocol has a port of its own (2641).",
        "请检查端口和协议；二进制协议使用单独的端口（2641）。",
    ),
    ConnectionError: Rule(
        "W-HTTP-BROKEN-OFF",
        "The connection broke off in the middle of a request: {error}.",
        "连接在请求中途断开：{error}。",
        "Send the whole request, with the Content-Length that it has.",
        "请发送完整请求，Content-Length 与实际长度一致。",
    ),
    BodyRefused: Rule(
        "W-HTTP-BODY",
        "The body was not taken: {error}.",
        "请求体未被接收：{error}。",
        "Keep it within the limit, complete, and in the encoding that Content-Encoding names.",
        "请使请求体不超过上限、完整，且编码与 Content-Encoding 一致。",
        "handle-http-api.md §4",
    ),
    UserNotEncoded: Rule(
        "W-HTTP-USER-COLON",
        "The user name of Basic ends at its first colon: the node read the user {index}, and took the handle for the "
        "beginning of the secret.",
        "Basic 的用户名到第一个冒号为止：节点读到的用户名是 {index}，标识被当成了密钥的开头。",
        "Percent-encode the colon between index and handle: curl -u '{index}%3A0.NA%2F88.900.1:SECRET'.",
        "请对索引与标识之间的冒号做百分号编码：curl -u '{index}%3A0.NA%2F88.900.1:密钥'。",
        "handle-http-api.md §7",
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
