"""Describes what each error says on this face: ``code`` and ``message`` (idhub-api.md §2.1).

Texts that the guide gives are reproduced exactly; where ours says more, it follows after them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.node.faces.http.body import BodyRefused, Unreadable
from idnode.node.service.directory.refusals import FieldRefused, TooManyItems
from idnode.node.service.errors import ServiceError
from idnode.node.service.objects import refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SUCCESS: Final = 1
SUCCESS_OF_GUIDE: Final = 10_000
"""What some samples of the guide show instead."""

INVALID: Final = 101
PARAMETERS: Final = 106
OTHER: Final = 500
VALIDATION: Final = 30_000

SUCCESS_TEXT: Final = "成功"
CHALLENGE_TEXT: Final = "operation was successfully processed"
VALIDATION_TEXT: Final = "validate.bind.error"
PARAMETERS_TEXT: Final = "请求入参错误，"
TOKEN_TEXT: Final = "无效的token"  # noqa: S105  # what a client is told of one


class Problem(NamedTuple):
    """A member that does not fit."""

    name: str
    text: str


class FormRefused(ServiceError, Unreadable):
    """A body's members do not fit; ``problems`` are all that do not."""

    def __init__(self, problems: Sequence[Problem] = ()) -> None:
        super().__init__("; ".join(problem[-1] for problem in problems[:5]))
        self.problems = problems


class QueryRefused(ServiceError, Unreadable):
    """A parameter of the query, or a body as a whole, is not as it should be; ``wants`` says how it should be."""

    def __init__(self, wants: str) -> None:
        super().__init__(wants)
        self.wants = wants


class Said(NamedTuple):
    """Holds what a client is told."""

    code: int
    message: str


class Saying(NamedTuple):
    """Holds what is said of errors of one class."""

    code: int
    text: Callable[[Any], str]


_NOT_DELETABLE: Final = {
    "foreign": "元数据不是自己创建，不能删除",
    "published": "元数据已发布，请先撤回再删除",
}
_TAKEN: Final = {"metaCode": 808, "metaHandle": 105}

SAYINGS: Final[dict[type[BaseException], Saying]] = {
    refusals.ApplicationTokenRefused: Saying(INVALID, lambda _: TOKEN_TEXT),
    refusals.SignatureRefused: Saying(401, lambda e: f"认证失败：{_reason(e)}"),
    refusals.NotApplication: Saying(
        40508, lambda e: f"标识格式异常：{e.handle}不是本节点的应用标识身份"
    ),
    refusals.HandleMalformed: Saying(
        40508, lambda _: "标识格式异常：应为前缀/后缀，不超过255个字符"
    ),
    refusals.ParameterWrong: Saying(PARAMETERS, lambda e: f"{PARAMETERS_TEXT}{e.name}：{e.wants}"),
    refusals.MetadataAbsent: Saying(604, lambda _: "元数据不存在"),
    refusals.MetadataToChangeAbsent: Saying(
        60005, lambda _: "接口参数错误:入参metaHandle异常：要修改的元数据不存在!"
    ),
    refusals.MetadataUnpublished: Saying(600, lambda e: f"元数据未发布：{e.handle}"),
    refusals.MetadataNotManaged: Saying(605, lambda e: f"没有元数据管理权限：{e.handle}"),
    refusals.MetadataNotDeletable: Saying(
        606, lambda e: f"元数据删除失败:[{e.handle}]{_NOT_DELETABLE[e.reason]}"
    ),
    refusals.MetadataTaken: Saying(808, lambda e: f"{e.kind}已存在：{e.name}"),
    refusals.MetadataHidden: Saying(60001, lambda _: "没有权限查看数据"),
    refusals.ItemNameTaken: Saying(807, lambda e: f"属性名称重复：{e.item}"),
    refusals.ItemRefused: Saying(601, lambda e: f"元数据项输入错误：{e.item}{e.wants}"),
    refusals.ItemUnknown: Saying(603, lambda e: f"属性{e.item}不属于该元数据"),
    refusals.ItemOff: Saying(602, lambda e: f"属性{e.item}已停用"),
    refusals.ObjectAbsent: Saying(104, lambda _: "标识对象不存在"),
    refusals.ObjectExists: Saying(105, lambda e: f"标识对象已存在：{e.handle}"),
    refusals.ForeignHandle: Saying(701, lambda _: "非本企业标识"),
    refusals.NotReadable: Saying(403, lambda _: "没有权限查看数据"),
    refusals.NotEditable: Saying(406, lambda e: f"没有权限编辑数据：{e.what}"),
    refusals.NotDeletable: Saying(700, lambda _: "没有标识删除权限"),
    refusals.GrantRefused: Saying(PARAMETERS, lambda e: e.wants),
    refusals.EditingNotPublic: Saying(800, lambda e: f"属性{e.item}授权类型和授权范围不匹配"),
    refusals.NotGrantable: Saying(901, lambda e: f"授权的标识用户{e.user}不是应用身份"),
    refusals.FileNotHere: Saying(800, lambda _: "获取文件失败"),
    refusals.FileTooLong: Saying(PARAMETERS, lambda e: f"{PARAMETERS_TEXT}{e.wants}"),
    refusals.OperationUnknown: Saying(404, lambda e: f"操作类型不存在：{e.operation}"),
    refusals.OperationDeclined: Saying(405, lambda e: f"不支持的操作类型：{e.operation}"),
    FieldRefused: Saying(PARAMETERS, lambda e: f"{PARAMETERS_TEXT}{e.field}"),
    TooManyItems: Saying(PARAMETERS, lambda e: f"{PARAMETERS_TEXT}最多{e.items_max}项"),
    QueryRefused: Saying(PARAMETERS, lambda e: f"{PARAMETERS_TEXT}{e.wants}"),
    BodyRefused: Saying(PARAMETERS, lambda e: f"{PARAMETERS_TEXT}请求体过大或编码错误：{e}"),
}
"""Error class → state code and text."""

_REASONS: Final = {
    "No challenge": "没有未使用的挑战值，请先调用challenge，挑战值5分钟内有效且只能使用一次",
    "The signature is not": "签名应为用应用私钥对挑战值字符串做SHA256withRSA的结果",
    "The signature is no standard": "签名应为标准Base64",
    "The signature is too long": "签名过长",
}


def _reason(error: refusals.SignatureRefused) -> str:
    return next(
        (text for start, text in _REASONS.items() if error.reason.startswith(f"{start} ")
         or error.reason == start),
        "签名不正确",
    )  # fmt: skip


def said_of(error: BaseException) -> Said:
    """Return what an error says; what nobody planned is 500."""
    for ancestor in type(error).__mro__:
        saying = SAYINGS.get(ancestor)
        if saying is not None:
            code = _TAKEN.get(getattr(error, "kind", ""), saying.code)
            return Said(code, saying.text(error))
    return Said(OTHER, "其他错误")
