"""Rules about who somebody is: challenges, proofs, sessions (handle-protocol.md §§4, 6 and 7)."""

from __future__ import annotations

from typing import Final

from idnode.node.interceptors.rules.rule import Rule
from idnode.node.service import errors as service

RULES: Final[dict[type[BaseException], Rule]] = {
    service.AuthenticationNeeded: Rule(
        "W-AUTH-NEEDED",
        "The operation needs to know who asks; the request says nothing of it.",
        "该操作需要知道请求者身份，请求中没有。",
        "Answer the challenge (op 200), keep a session, or over HTTP send Authorization: Basic "
        "with the user `index:handle`, percent-encoded (301%3A0.NA%2F88.900.1).",
        "请应答挑战（op 200）、使用会话，或在 HTTP 上发送 Authorization: Basic，"
        "用户名为百分号编码的“索引:标识”（如 301%3A0.NA%2F88.900.1）。",
        "handle-protocol.md §6.1",
    ),
    service.AuthenticationFailed: Rule(
        "W-AUTH-FAILED",
        "The identity was not proven: {error}.",
        "身份未得到证明：{error}。",
        "Check index and handle of the identity, that its record has the key, and the secret itself.",
        "请检查身份的索引与标识、其记录中是否有该密钥，以及密钥本身。",
        "handle-protocol.md §6.1",
    ),
    service.InvalidAdministrator: Rule(
        "W-AUTH-NO-ADMIN",
        "{who} is known, and no administrator of {handle} with the needed right.",
        "{who} 身份有效，但不是 {handle} 具有所需权限的管理员。",
        "Give the record an HS_ADMIN value that names this identity (or a group with it) with the right, "
        "or act as one that it names. Administrators of the prefix may only create and list.",
        "请在记录中加入指明该身份（或其所属群组）且含该权限的 HS_ADMIN 值，或改用其中已有的身份。"
        "前缀管理员只能创建和列举。",
        "handle-protocol.md §6.2",
    ),
    service.InsufficientPermission: Rule(
        "W-AUTH-PERMISSION",
        "{who} is an administrator, and the value's own permissions forbid it: {error}.",
        "{who} 是管理员，但值自身的权限不允许：{error}。",
        "Values without admin-write cannot be changed by administrators either; remove the value, or "
        "create it with permissions 1110.",
        "没有“管理员可写”权限的值连管理员也不能修改；可删除该值，或以权限 1110 创建。",
        "handle-protocol.md §3.1",
    ),
    service.ChallengeUnknown: Rule(
        "W-AUTH-CHALLENGE-GONE",
        "The challenge is not known: answered already, too old, or of another session id.",
        "挑战不存在：已应答、已过期，或会话号不同。",
        "Answer each challenge once, within its time, with the session id it came with.",
        "每个挑战只应答一次，须在有效期内，并带上挑战中的会话号。",
        "handle-protocol.md §6.1",
    ),
    service.InvalidCredential: Rule(
        "W-SESSION-NO-CODE",
        "Messages of a proven session carry a code (HS_MAC); this one has none that can be read.",
        "已认证会话中的报文须带校验码（HS_MAC），此报文没有可读的校验码。",
        "Append a credential section of type HS_MAC, made with the session's key.",
        "请附加用会话密钥生成的 HS_MAC 凭证段。",
        "handle-protocol.md §4",
    ),
    service.SessionUnknown: Rule(
        "W-SESSION-UNKNOWN",
        "There is no such session, or not any more.",
        "会话不存在或已结束。",
        "Set up a new session; they end after their time-out, at op 401, and when the node restarts.",
        "请重新建立会话；会话在超时、op 401 或节点重启后结束。",
        "handle-protocol.md §7",
    ),
    service.SessionKeyInvalid: Rule(
        "W-SESSION-CODE",
        "The code was not made with this session's key, or not over these bytes.",
        "校验码不是用该会话密钥、对这些字节计算的。",
        "The code covers the message without credential, the envelope's session and request id, and the counter.",
        "校验码的范围包括：不含凭证段的报文、信封中的会话号与请求号以及计数器。",
        "handle-protocol.md §4",
    ),
    service.SessionMessageRejected: Rule(
        "W-SESSION-COUNTER",
        "The message's counter was used in this session before, or lies too far back.",
        "该计数器在会话中已使用过，或过于靠后。",
        "Count up by one for each message of a session; a message sent again is a replay.",
        "会话内每条报文计数器加一；重发同一报文会被视为重放。",
        "handle-protocol.md §4",
    ),
    service.SessionSetupInvalid: Rule(
        "W-SESSION-SETUP",
        "What the client proposes for the session cannot be done: {error}.",
        "客户端提议的会话方式无法实现：{error}。",
        "Use mode 4 (Diffie-Hellman) or mode 1 (RSA) with a key that can be read.",
        "请使用模式 4（Diffie-Hellman）或模式 1（RSA），并提供可读的密钥。",
        "handle-protocol.md §7",
    ),
    service.SessionFailed: Rule(
        "W-SESSION-KEY-ABSENT",
        "The key that the client names for the session is not there.",
        "客户端为会话指明的密钥不存在。",
        "Name an HS_PUBKEY value of a record that this node has.",
        "请指明本节点记录中的 HS_PUBKEY 值。",
        "handle-protocol.md §7",
    ),
    service.RsaKeyNeeded: Rule(
        "W-SESSION-RSA",
        "A session of this mode takes an RSA key; the one named is another.",
        "此模式的会话需要 RSA 密钥，所指为其他类型。",
        "Name an RSA key, or use mode 4.",
        "请使用 RSA 密钥，或改用模式 4。",
        "handle-protocol.md §7",
    ),
}
