"""Describes what each error says on this face: ``status`` and ``message`` (snms-api.md §§2 and 2.1).

Texts that the sources give are reproduced exactly, for clients match on them; the others are ours, and
`AMBIGUITIES.md` lists them.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from idnode.node.faces.http.body import Unreadable
from idnode.node.service.directory import refusals
from idnode.node.service.errors import (
    InsufficientPermission,
    NotResponsible,
    ServiceError,
    ServiceReferral,
)
from idnode.node.service.identifiers.sites import addresses_of
from idnode.registry import errors as registry
from idnode.registry.handle import errors as data_model

SUCCESS: Final = 1
NOT_LOGGED_IN: Final = -1
REFUSED: Final = -2
NOT_PERMITTED: Final = -3
BROKEN: Final = -4
WRONG_TYPE: Final = 21000

SHOWN_CHARACTERS_MAX: Final = 40
"""Longest part of a wrong value that is said back."""

SHOWN_SERVERS_MAX: Final = 4
"""Most servers that are named of a site that answers elsewhere."""

SUCCESS_TEXT: Final = "success"
BUSY_TEXT: Final = "系统繁忙"


class Said(NamedTuple):
    """Holds what a client is told."""

    status: int
    message: str


class ParameterRefused(ServiceError, Unreadable):
    """A parameter is missing, of the wrong type, too long, or out of its range."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.said = Said(status, message)


def wrong_text(name: str, came: object = None, wants: str = "") -> str:
    """Return what is said of a member's wrong value: its name, and then what came and what is allowed."""
    return f"参数值不正确: {name}{_told(came, wants)}"


def _told(came: object, wants: str) -> str:
    told = [] if came is None else [f"收到{_quoted(came)}"]
    if wants:
        told.append(f"应为{wants}")
    return f"（{'，'.join(told)}）" if told else ""


def _quoted(came: object) -> str:
    text = str(came).encode(errors="replace").decode()
    text = "".join(each if each.isprintable() else "?" for each in text)
    return f'"{text[:SHOWN_CHARACTERS_MAX]}{"…" if len(text) > SHOWN_CHARACTERS_MAX else ""}"'


def wrong(name: str, came: object = None, wants: str = "") -> ParameterRefused:
    """Return the refusal of a member's value."""
    return ParameterRefused(REFUSED, wrong_text(name, came, wants))


def wrong_type(name: str, came: object, wants: str) -> ParameterRefused:
    """Return the refusal of a member of another type than the wanted one."""
    return ParameterRefused(WRONG_TYPE, f"参数类型不匹配: {name}{_told(came, wants)}")


def too_long(name: str, came: int, most: int) -> ParameterRefused:
    """Return the refusal of a text of so many characters, or of a list of so many items."""
    return ParameterRefused(REFUSED, f"参数长度超出限制: {name}（收到{came}，上限为{most}）")


def missing(name: str, wants: str = "") -> ParameterRefused:
    """Return the refusal of a request without a required parameter; ``wants`` says more of what is needed."""
    told = f"（{wants}）" if wants else ""
    return ParameterRefused(REFUSED, f"缺少必要的请求参数: {name}{told}")


_ABSENT: Final = {
    "template": "模板不存在",
    "prefix": "前缀不存在",
    "account": "用户不存在",
    "enterprise": "企业不存在",
    "file": "文件不存在",
    "server": "托管服务器不存在",
    "review": "没有待审核的申请",
}
_TAKEN: Final = {
    "template": "模板已存在",
    "username": "用户名已存在",
    "email": "邮箱已存在",
    "mobile": "手机号已存在",
    "prefix": "前缀已被占用",
    "certificate": "证件号码已存在",
    "file": "文件已被使用",
    "idType": "属性英文名称重复",
    "name": "属性中文名称重复",
}
_THERE: Final = {
    "file": "file/upload返回的id",
    "server": "1，即本节点",
    "template": "已创建的前缀与版本",
}
"""What is wanted of a name that is not there."""
_FREE: Final = {"file": "未被其他企业使用的文件编号"}


def _named(text: str, error: refusals.Absent | refusals.Taken, wanted: str | None) -> str:
    """Return a text, then the member at fault, what came in it, and what it should have been."""
    told = [error.field] if error.field else []
    told.append(f"收到{_quoted(error.name)}")
    if wanted is not None:
        told.append(f"应为{wanted}")
    return f"{text}（{'，'.join(told)}）"


_ELSEWHERE: Final = {
    "typed": "模板含有非字符型属性，请使用IDHub接口",
    "unpublished": "模板未发布",
}


def _not_ready(error: refusals.PrefixNotReady) -> str:
    """Return what state of a prefix is missing, and the way to it."""
    if error.needs == "enabled":
        return "前缀未启用（须先通过审核，见GET /snms/api/prefix/query的status）"
    if error.server:
        return f"前缀未托管（标识由企业自建服务器{error.server}管理，请在该服务器上操作）"
    return "前缀未托管（请先调用POST /snms/api/ent/config，填写proxyServerId=1托管到本节点）"


def _referred(error: ServiceReferral) -> str:
    """Return who has an identifier that is answered for elsewhere; the start is what clients match on."""
    servers = "、".join(addresses_of(error.values)[:SHOWN_SERVERS_MAX])
    return f"没有找到标识（该标识由其他服务器解析：{servers}）"


_TEXTS: Final[dict[type[Exception], Callable[[Any], str]]] = {
    refusals.LoginRefused: lambda _: "用户名/密码错误！",
    refusals.Absent: lambda error: _named(_ABSENT[error.kind], error, _THERE.get(error.kind)),
    refusals.Taken: lambda error: _named(_TAKEN[error.kind], error, _FREE.get(error.kind)),
    refusals.PrefixNotReady: _not_ready,
    refusals.TemplateElsewhere: lambda error: _ELSEWHERE[error.reason],
    refusals.PrefixElsewhere: lambda error: (
        f"前缀不属于本二级节点（entBasicInfo.entPrefix，收到{_quoted(error.prefix)}，"
        f"应为{error.node}.后接1至20位数字）"
    ),
    refusals.FieldRefused: lambda error: wrong_text(error.field, error.came, error.wants),
    refusals.FileRefused: lambda error: (
        f"文件大小超出限制（上限为{error.bytes_max >> 20}MB：图片1MB，PDF 5MB）"
        if error.bytes_max
        else "文件类型不支持（应为JPEG、PNG、BMP图片或PDF，按文件内容判断）"
    ),
    refusals.TooManyItems: lambda error: f"单次最多处理{error.items_max}条数据",
    refusals.ItemConflict: lambda error: f"索引{error.index}与属性英文名称不匹配",
    refusals.IndexReserved: lambda error: f"索引{error.index}为系统保留索引（属性索引从2000开始）",
    refusals.IndexNotInTemplate: lambda error: f"非法操作，索引{error.index}在模板中不存在",
    refusals.IndexRepeated: lambda error: f"索引{error.index}重复",
    refusals.TypeDiffers: lambda error: f"索引{error.index}的类型与模板不匹配",
    refusals.ItemDisabled: lambda error: f"索引{error.index}在模板中已停用",
    refusals.LengthOutOfRange: lambda error: (
        f"索引{error.index}的值长度应在{error.least}到{error.most}之间"
    ),
    refusals.RequiredMissing: lambda error: f"缺少必填属性: {error.id_type}",
    registry.HandleExists: lambda _: "标识已存在",
    registry.HandleNotFound: lambda _: "没有找到标识",
    ServiceReferral: _referred,
    NotResponsible: lambda _: "没有找到标识",
    data_model.InvalidHandle: lambda _: "标识格式不正确",
    data_model.InvalidValue: lambda _: "标识数据不正确",
    data_model.RecordTooLarge: lambda _: "标识数据过大",
}
"""Error class → text of a business failure (``status`` -2)."""

ITEM_NOT_FOUND_TEXT: Final = "标识不存在"
"""What a batch says of an unknown handle, where a single call says 没有找到标识."""


def said_of(error: BaseException) -> Said:
    """Return what an error says; what nobody planned is 系统繁忙 and -4."""
    if isinstance(error, ParameterRefused):
        return error.said
    if isinstance(error, refusals.TokenRefused):
        return Said(NOT_LOGGED_IN, "未登录或登录已失效")
    if isinstance(error, refusals.NotPermitted | InsufficientPermission):
        return Said(NOT_PERMITTED, "无操作权限")
    for ancestor in type(error).__mro__:
        text = _TEXTS.get(ancestor)
        if text is not None:
            return Said(REFUSED, text(error))
    return Said(BROKEN, BUSY_TEXT)


def item_text(error: BaseException) -> str:
    """Return what an error says of one item of a batch."""
    if isinstance(error, registry.HandleNotFound):
        return ITEM_NOT_FOUND_TEXT
    return said_of(error).message
