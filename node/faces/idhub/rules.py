"""Rules of this face: what it refuses to applications, and why (idhub-api.md §2.1)."""

from __future__ import annotations

from typing import Final

from idnode.node.faces.idhub.texts import FormRefused, QueryRefused
from idnode.node.interceptors.rules.rule import Rule
from idnode.node.service.objects import refusals

RULES: Final[dict[type[BaseException], Rule]] = {
    FormRefused: Rule(
        "W-IDHUB-FORM",
        "Members of the body are missing or do not fit: {error}.",
        "请求体成员缺失或不符合要求：{error}。",
        "`data.errors` of the answer names each by its place; compare with the example at /docs.",
        "应答的 `data.errors` 按位置列出各成员；请对照 /docs 中的示例。",
        "idhub-api.md §2.1",
    ),
    QueryRefused: Rule(
        "W-IDHUB-QUERY",
        "A parameter, or the body as a whole, is not as this call reads it: {error}.",
        "参数或请求体不符合本接口要求：{error}。",
        "Send parameters in the query, percent-encoded, and JSON in UTF-8.",
        "参数放在查询串中并做百分号编码，请求体为 UTF-8 的 JSON。",
        "idhub-api.md §2.1",
    ),
    refusals.ApplicationTokenRefused: Rule(
        "W-IDHUB-TOKEN",
        "The token is not good: it is {reason}.",
        "令牌无效：{reason}。",
        "Ask for a challenge, sign it, and send `Authorization: Bearer <token>`; a token lives 24 hours of the node's clock.",
        "请重新获取挑战值并签名，发送 `Authorization: Bearer <token>`；令牌按节点时钟有效 24 小时。",
        "idhub-api.md §3.4",
    ),
    refusals.SignatureRefused: Rule(
        "W-IDHUB-SIGNATURE",
        "The signature proves nobody: {reason}.",
        "签名未能证明身份：{reason}。",
        "Sign the characters of the nonce, without its quotes, by SHA256withRSA, and send standard Base64.",
        "对挑战值的字符（不含引号）做 SHA256withRSA 签名，以标准 Base64 发送。",
        "idhub-api.md §3.2",
    ),
    refusals.NotApplication: Rule(
        "W-IDHUB-NOT-APPLICATION",
        "Only application identities log in; {handle} {reason}.",
        "只有应用标识身份可以认证；{handle} 不符合：{reason}。",
        "Make one: `idnode application PREFIX/App_ID`; its RSA public key lies at index 300.",
        "请先创建：`idnode application 前缀/App_ID`；其 RSA 公钥位于索引 300。",
        "idhub-api.md §3",
    ),
    refusals.ObjectRefused: Rule(
        "W-IDHUB-RULE",
        "A rule of metadata and identifiers forbids it: {error}.",
        "违反元数据或标识规则：{error}。",
        "See the call's description at /docs.",
        "请参见 /docs 中的接口说明。",
        "idhub-api.md §2.1",
    ),
    refusals.MetadataUnpublished: Rule(
        "W-IDHUB-UNPUBLISHED",
        "The metadata template {handle} is not published, so nothing is made with it or resolved.",
        "元数据 {handle} 未发布，不能用于创建标识，也不能解析。",
        "Publish it: PUT /api/v1/open/meta/publish-or-withdraw with opType publish.",
        "请先发布：PUT /api/v1/open/meta/publish-or-withdraw，opType 为 publish。",
        "idhub-api.md §5.5",
    ),
    refusals.MetadataNotManaged: Rule(
        "W-IDHUB-NOT-MANAGED",
        "{account} may not do this with the metadata template: {error}.",
        "{account} 无权对该元数据进行此操作：{error}。",
        "Use an own template, or have it granted: POST /api/v1/open/meta/grant/info.",
        "请使用自己创建的元数据，或先获得授权：POST /api/v1/open/meta/grant/info。",
        "idhub-api.md §6",
    ),
    refusals.ItemRefused: Rule(
        "W-IDHUB-ITEM",
        "The value of {item} does not fit its item: {wants}.",
        "属性 {item} 的值不符合元数据要求：{wants}。",
        "Compare it with the item's schema: GET /api/v1/open/meta/info.",
        "请对照该属性的约束：GET /api/v1/open/meta/info。",
        "idhub-api.md §5.1",
    ),
    refusals.ItemUnknown: Rule(
        "W-IDHUB-ITEM-UNKNOWN",
        "The metadata template has no item {item}.",
        "元数据中没有属性 {item}。",
        "`content` is keyed by the items' English names.",
        "`content` 以属性英文名称为键。",
        "idhub-api.md §6",
    ),
    refusals.ForeignHandle: Rule(
        "W-IDHUB-FOREIGN",
        "{handle} does not lie under the prefix of the application's enterprise.",
        "{handle} 不在本企业前缀之下。",
        "`targetId` is the identifier itself, under the own prefix, not the template.",
        "`targetId` 应为本企业前缀下的实例标识，而不是元数据标识。",
        "idhub-api.md §6",
    ),
    refusals.NotReadable: Rule(
        "W-IDHUB-NOT-READABLE",
        "Nothing of the identifier is granted to {account}.",
        "该标识没有任何属性授权给 {account}。",
        "Its creator grants it: POST /api/v1/single-handle/authorization, or its class.",
        "请由创建者授权：POST /api/v1/single-handle/authorization，或按同类授权。",
        "idhub-api.md §7",
    ),
    refusals.NotGrantable: Rule(
        "W-IDHUB-NOT-GRANTABLE",
        "{user} is neither an application of this enterprise nor a group.",
        "{user} 既不是本企业的应用身份，也不是用户组。",
        "GET /api/v1/open/handle-user-group/list shows whom something can be granted to; across enterprises only groups.",
        "可授权对象见 GET /api/v1/open/handle-user-group/list；跨企业只能授权给用户组。",
        "idhub-api.md §7",
    ),
}
