"""Rules about the directory: accounts and their tokens, templates, enterprises (snms-api.md)."""

from __future__ import annotations

from typing import Final

from idnode.node.interceptors.rules.rule import Rule
from idnode.node.service.directory import refusals

RULES: Final[dict[type[BaseException], Rule]] = {
    refusals.TokenRefused: Rule(
        "W-SNMS-TOKEN",
        "The token is not good: {error}.",
        "令牌无效：{error}。",
        "Log in again at /identity/token and send `Authorization: Bearer <token>`.",
        "请重新登录 /identity/token，并发送 `Authorization: Bearer <token>`。",
        "snms-api.md §4",
    ),
    refusals.LoginRefused: Rule(
        "W-SNMS-LOGIN",
        "No account has this name and password.",
        "用户名或密码错误。",
        "Check both; /identity/token takes the password, /identity/token/v1 a dated digest of it.",
        "请检查两者；/identity/token 接收明文密码，/identity/token/v1 接收带日期的摘要。",
        "snms-api.md §4",
    ),
    refusals.NotPermitted: Rule(
        "W-SNMS-NOT-PERMITTED",
        "The account {account} may not do this: {error}.",
        "账号 {account} 无权进行此操作：{error}。",
        "Act under a prefix of the account's own enterprise, or as an administrator.",
        "请在本企业的前缀下操作，或使用管理员账号。",
        "snms-api.md §3",
    ),
    refusals.RuleBroken: Rule(
        "W-SNMS-RULE",
        "A rule of the directory forbids it: {error}.",
        "违反目录规则：{error}。",
        "See the API's description at /docs.",
        "请参见 /docs 中的接口说明。",
        "snms-api.md §8",
    ),
    refusals.Absent: Rule(
        "W-SNMS-ABSENT",
        "Something that the request names is not there: {kind} {name}.",
        "请求中所指的对象不存在：{kind} {name}。",
        "List what there is first: templates, prefixes and files have pages of their own.",
        "请先查询列表：模板、前缀、文件均有分页接口。",
        "snms-api.md §2.1",
    ),
    refusals.Taken: Rule(
        "W-SNMS-TAKEN",
        "A name that has to be unique is taken: {error}.",
        "须唯一的名称已被占用：{error}。",
        "Choose another, or edit the one that has it.",
        "请更换名称，或编辑已有对象。",
        "snms-api.md §2.1",
    ),
    refusals.TemplateElsewhere: Rule(
        "W-SNMS-TEMPLATE-ELSEWHERE",
        "The template {name} is {reason}, so it is not for this API now.",
        "模板 {name} 当前不能用于本接口（{reason}）。",
        "Templates with numbers, dates or files exist on the IDHub API only; publish one before identifiers are made with it.",
        "含数值、日期、文件等属性的模板只能通过 IDHub 接口使用；用于注册前须先发布。",
        "idhub-api.md §5, snms-api.md §5",
    ),
    refusals.PrefixNotReady: Rule(
        "W-SNMS-PREFIX-STATE",
        "The prefix {prefix} is not {needs}, which this call needs.",
        "前缀 {prefix} 的状态不满足本接口要求（{needs}）。",
        "Have it approved (`idnode review`), and hosted here (`POST /snms/api/ent/config` with proxyServerId 1).",
        "请先通过审核（`idnode review`），并托管到本节点（`POST /snms/api/ent/config`，proxyServerId 为 1）。",
        "snms-api.md §3",
    ),
    refusals.PrefixElsewhere: Rule(
        "W-SNMS-PREFIX-ELSEWHERE",
        "Enterprise prefixes lie directly below {node}; {prefix} does not.",
        "企业前缀须直接位于 {node} 之下，{prefix} 不是。",
        "Ask for {node}.<number>.",
        "请申请 {node}.<数字>。",
        "snms-api.md §8",
    ),
    refusals.FieldRefused: Rule(
        "W-SNMS-FIELD",
        "The member {field} has a content that is not allowed, or that does not fit the member before it.",
        "成员 {field} 的值不被允许，或与其前一级成员不符。",
        "Industry codes are those of GB/T 4754, each beginning with the one above (C, 34, 345, 3451); region codes those of "
        "GB/T 2260, six digits, a city in its province; entInfoSyses names each sysType from 1 to 4 once. Other values: /docs.",
        "行业代码取自 GB/T 4754，逐级以上级开头（C、34、345、3451）；地区代码取自 GB/T 2260，六位，市属于其省；"
        "entInfoSyses 中 sysType 1 至 4 各出现一次。其他取值见 /docs。",
        "snms-api.md §8",
    ),
    refusals.FileRefused: Rule(
        "W-SNMS-FILE",
        "The file is not taken: {error}.",
        "文件不被接受：{error}。",
        "Send JPEG, PNG or BMP images, or a PDF, within the bound.",
        "请上传不超过上限的 JPEG、PNG、BMP 图片或 PDF。",
        "snms-api.md §8, F1",
    ),
    refusals.TooManyItems: Rule(
        "W-SNMS-TOO-MANY",
        "A call takes at most {items_max} items.",
        "单次最多处理 {items_max} 条数据。",
        "Split the list.",
        "请拆分列表。",
        "snms-api.md §6",
    ),
    refusals.ItemConflict: Rule(
        "W-SNMS-ITEM-CONFLICT",
        "Index {index} of the template belongs to another attribute.",
        "模板中的索引 {index} 属于另一属性。",
        "Edit items by the index and name that the template has.",
        "请按模板中的索引和名称编辑属性。",
        "snms-api.md §5",
    ),
    refusals.ValueRefused: Rule(
        "W-SNMS-VALUE",
        "The template does not allow the value at index {index}: {error}.",
        "模板不允许索引 {index} 的值：{error}。",
        "Read the template, with the version that the request names.",
        "请查询请求所用版本的模板。",
        "snms-api.md §6",
    ),
    refusals.IndexReserved: Rule(
        "W-SNMS-INDEX-RESERVED",
        "Index {index} is one that the node fills itself.",
        "索引 {index} 为系统保留索引。",
        "Leave it out.",
        "请勿提交该索引。",
        "snms-api.md §6",
    ),
    refusals.IndexNotInTemplate: Rule(
        "W-SNMS-INDEX-UNKNOWN",
        "The template has no item with index {index}.",
        "模板中没有索引 {index}。",
        "Use the indexes of the template's items, in the version that the request names.",
        "请使用请求所用版本的模板中的索引。",
        "snms-api.md §6",
    ),
    refusals.IndexRepeated: Rule(
        "W-SNMS-INDEX-TWICE",
        "Index {index} occurs twice.",
        "索引 {index} 重复。",
        "Send each index once.",
        "每个索引只提交一次。",
        "snms-api.md §6",
    ),
    refusals.TypeDiffers: Rule(
        "W-SNMS-TYPE",
        "The attribute at index {index} came with another idType than the template's, which is {expected}.",
        "索引 {index} 处属性的 idType 与模板不一致，模板中为 {expected}。",
        "Send the type of the template, spelled the same way.",
        "请使用与模板拼写一致的类型。",
        "snms-api.md §6",
    ),
    refusals.ItemDisabled: Rule(
        "W-SNMS-ITEM-DISABLED",
        "The item at index {index} of the template was disabled.",
        "模板中索引 {index} 的属性已停用。",
        "Leave it out, or enable the item again.",
        "请勿提交，或重新启用该属性。",
        "snms-api.md §5",
    ),
    refusals.LengthOutOfRange: Rule(
        "W-SNMS-LENGTH",
        "The value at index {index} must have {least} to {most} characters.",
        "索引 {index} 的值长度应在 {least} 到 {most} 之间。",
        "Shorten or lengthen it, or widen the template's bounds.",
        "请调整长度，或放宽模板的限制。",
        "snms-api.md §5",
    ),
    refusals.RequiredMissing: Rule(
        "W-SNMS-REQUIRED",
        "The template requires the attribute {id_type} at index {index}.",
        "模板要求填写索引 {index} 的属性 {id_type}。",
        "Send it, or make the item optional.",
        "请填写该属性，或将其改为非必填。",
        "snms-api.md §5",
    ),
}

TOKEN_NONE: Final = Rule(
    "W-SNMS-TOKEN-NONE",
    "The call needs a token; the request has no Authorization header.",
    "该接口需要令牌，请求没有 Authorization 头。",
    "Log in at /identity/token and send `Authorization: Bearer <token>`.",
    "请登录 /identity/token，并发送 `Authorization: Bearer <token>`。",
    "snms-api.md §4",
)
TOKEN_NO_BEARER: Final = Rule(
    "W-SNMS-TOKEN-NO-BEARER",
    "The Authorization header does not start with `Bearer `.",
    "Authorization 头没有以 `Bearer ` 开头。",
    "Put the word Bearer and one space in front of the token.",
    "请在令牌前加上 Bearer 和一个空格。",
    "snms-api.md §4",
)
TOKEN_GARBAGE: Final = Rule(
    "W-SNMS-TOKEN-GARBAGE",
    "The token was not issued by this node: altered, cut, of another node, or from before a reset.",
    "令牌不是本节点签发的：被改动、截断、来自其他节点，或在重置之前签发。",
    "Send the token exactly as it came, without quotes; log in again if in doubt.",
    "请原样发送收到的令牌，不带引号；如有疑问请重新登录。",
    "snms-api.md §4",
)
TOKEN_OF_APPLICATION: Final = Rule(
    "W-SNMS-TOKEN-OF-IDHUB",
    "The token is one of an IDHub application; the calls of SNMS take tokens of accounts.",
    "这是 IDHub 应用身份的令牌，SNMS 接口须使用账号的令牌。",
    "Log in with name and password at /identity/token, and send the token that it answers with.",
    "请以用户名和密码登录 /identity/token，并发送其返回的令牌。",
    "snms-api.md §4",
)
TOKEN_EXPIRED: Final = Rule(
    "W-SNMS-TOKEN-EXPIRED",
    "The token has expired: it lives 24 hours.",
    "令牌已过期：有效期为 24 小时。",
    "Log in again on status -1 and repeat the call once.",
    "收到 status -1 时重新登录，并重试一次。",
    "snms-api.md §4",
)
DIGEST_DATE: Final = Rule(
    "W-SNMS-DIGEST-DATE",
    "The password is right, and digested for the date {date}; the node's date in Asia/Shanghai is {today}.",
    "密码正确，但摘要对应的日期是 {date}；节点在 Asia/Shanghai 的日期是 {today}。",
    "Digest with today's date in China (UTC+8), as yyyy-MM-dd, and mind midnight.",
    "请使用中国时区（UTC+8）当天日期（yyyy-MM-dd）计算摘要，注意零点前后。",
    "snms-api.md §4",
)
DIGEST_NO_DATE: Final = Rule(
    "W-SNMS-DIGEST-NO-DATE",
    "The password is digested without the date.",
    "密码摘要中没有日期。",
    "Send SHA-256(SHA-256(password) in hexadecimal + yyyy-MM-dd), in hexadecimal.",
    "请发送 SHA-256(SHA-256(密码) 的十六进制 + yyyy-MM-dd) 的十六进制。",
    "snms-api.md §4",
)
DIGEST_PLAIN: Final = Rule(
    "W-SNMS-DIGEST-PLAIN",
    "The password came as it is, to the call that takes its digest.",
    "向接收摘要的接口发送了明文密码。",
    "Send the plain password to /identity/token, or its dated digest to this call.",
    "明文密码请发送到 /identity/token；本接口接收带日期的摘要。",
    "snms-api.md §4",
)
DIGEST_HERE: Final = Rule(
    "W-SNMS-DIGEST-HERE",
    "A digest of the right password came, to the call that takes the password as it is.",
    "密码正确，但发来的是其摘要，而本接口接收明文密码。",
    "Send the password itself to this call, or its dated digest to /identity/token/v1.",
    "请向本接口发送明文密码，或把带日期的摘要发送到 /identity/token/v1。",
    "snms-api.md §4",
)
ACCOUNT_UNKNOWN: Final = Rule(
    "W-SNMS-ACCOUNT-UNKNOWN",
    "There is no account of this name.",
    "没有该用户名的账号。",
    "The accounts of a fresh node are `admin` and `demo`; `idnode enterprise add` makes more.",
    "新节点的账号为 `admin` 和 `demo`；可用 `idnode enterprise add` 添加。",
    "snms-api.md §4",
)
SPECIAL: Final = (
    *(TOKEN_NONE, TOKEN_NO_BEARER, TOKEN_GARBAGE, TOKEN_OF_APPLICATION, TOKEN_EXPIRED),
    *(DIGEST_DATE, DIGEST_NO_DATE, DIGEST_PLAIN, DIGEST_HERE, ACCOUNT_UNKNOWN),
)
"""Rules that are told apart by more than the class of the error."""
