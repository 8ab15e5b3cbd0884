"""Rules about identifiers: prefixes, records, values, and the register that keeps them."""

from __future__ import annotations

from typing import Final

from idnode.node.interceptors.rules.rule import Rule
from idnode.node.service import errors as service
from idnode.registry import errors as registry
from idnode.registry.directory import errors as directory
from idnode.registry.handle import errors as data_model

RULES: Final[dict[type[BaseException], Rule]] = {
    service.NotResponsible: Rule(
        "W-HDL-NOT-HOMED",
        "The prefix of {handle} does not live on this node.",
        "{handle} 的前缀不属于本节点。",
        "Ask the node that the prefix belongs to, or home it here: create 0.NA/<prefix> with an HS_ADMIN value.",
        "请询问该前缀所属的节点，或在此安置：创建带 HS_ADMIN 值的 0.NA/<前缀>。",
        "handle-protocol.md §2.3",
    ),
    service.PrefixReferral: Rule(
        "W-HDL-REFERRED-PREFIX",
        "{handle} lies below a prefix of this node that is delegated; the answer names where to.",
        "{handle} 位于本节点已委派的前缀之下，应答中指明了去处。",
        "Follow the referral: ask one of the sites in its values.",
        "请按转介继续：询问其值中的站点。",
        "handle-protocol.md §5.1",
    ),
    service.ServiceReferral: Rule(
        "W-HDL-REFERRED-SERVICE",
        "{handle} is answered for by an enterprise's own server, which the answer names.",
        "{handle} 由企业自己的服务器解析，应答中已指明。",
        "Follow the referral: ask one of the sites in its values.",
        "请按转介继续：询问其值中的站点。",
        "handle-protocol.md §5.1",
    ),
    service.NobodyAnswers: Rule(
        "W-REC-NOBODY-ANSWERS",
        "The nodes that would know {handle} cannot be asked: {error}.",
        "无法询问知道 {handle} 的节点：{error}。",
        "See `idnode trace` for the node that does not answer; nothing is remembered that could be served meanwhile.",
        "请用 `idnode trace` 查看哪个节点没有应答；目前没有可暂时提供的缓存。",
    ),
    service.BatchTooLarge: Rule(
        "W-BULK-TOO-MANY",
        "A batch has more items than one request takes: {error}.",
        "批量请求的项数超限：{error}。",
        "Send at most 50,000 items a request.",
        "每个请求最多 50,000 项。",
    ),
    data_model.InvalidHandle: Rule(
        "W-HDL-INVALID-HANDLE",
        "{handle} is no handle: {error}.",
        "{handle} 不是有效标识：{error}。",
        "A handle is UTF-8, a prefix, a slash and a suffix, at most 4,096 bytes; over HTTP percent-encode it once.",
        "标识为 UTF-8 编码的“前缀/后缀”，最长 4096 字节；在 HTTP 路径中只需百分号编码一次。",
        "handle-protocol.md §9",
    ),
    data_model.InvalidValue: Rule(
        "W-HDL-INVALID-VALUE",
        "A value breaks the data model: {error}.",
        "某个值不符合数据模型：{error}。",
        "A value has an index from 1, a type, data, a TTL and permissions of four bits.",
        "值由索引（自 1 起）、类型、数据、TTL 和四位权限组成。",
        "handle-protocol.md §3.1",
    ),
    data_model.IndexNotPositive: Rule(
        "W-HDL-INDEX-ZERO",
        "The index of a stored value is at least 1: {error}.",
        "存储的值的索引至少为 1：{error}。",
        "Number the values of a record from 1.",
        "请从 1 开始为值编号。",
        "handle-protocol.md §3.1",
    ),
    data_model.Refused: Rule(
        "W-REG-REFUSED",
        "The change was refused: {error}.",
        "变更被拒绝：{error}。",
        "Read the record and make the change fit to it.",
        "请先读取记录，再使变更与之相符。",
    ),
    registry.HandleExists: Rule(
        "W-HDL-EXISTS",
        "{handle} exists already, and overwriting was not asked for.",
        "{handle} 已存在，且未要求覆盖。",
        "Ask for overwriting (?overwrite=true, the OVERWRITE flag), or change the record's values instead. After a "
        "time-out this may be your own first attempt: read before you register again.",
        "请要求覆盖（?overwrite=true 或 OVERWRITE 标志），或改为修改其值。"
        "若上次请求超时，这可能正是您自己的首次注册：重试前请先查询。",
        "handle-protocol.md §5.1",
    ),
    registry.HandleNotFound: Rule(
        "W-HDL-NOT-FOUND",
        "{handle} has no record here, although its prefix lives here.",
        "{handle} 在此没有记录，尽管其前缀属于本节点。",
        "Check the suffix letter by letter: ASCII letters compare without case, everything else exactly.",
        "请逐字符核对后缀：ASCII 字母不区分大小写，其余须完全一致。",
        "handle-protocol.md §9",
    ),
    registry.ValuesNotFound: Rule(
        "W-HDL-VALUES-NOT-FOUND",
        "{handle} exists, and has none of the values asked for (or none that may be read).",
        "{handle} 存在，但没有所请求的值（或无权读取）。",
        "Ask without index and type to see what there is.",
        "不带索引和类型查询即可看到全部值。",
        "handle-protocol.md §2.3",
    ),
    data_model.IndexConflict: Rule(
        "W-HDL-INDEX-TAKEN",
        "Two values would have the same index: {error}.",
        "两个值的索引相同：{error}。",
        "Choose a free index, or modify the value that has it.",
        "请选用空闲索引，或修改已有的值。",
        "handle-protocol.md §5.1",
    ),
    data_model.RecordTooLarge: Rule(
        "W-HDL-RECORD-LARGE",
        "The record would be over a limit: {error}.",
        "记录超出上限：{error}。",
        "Keep large content elsewhere, and its URL in the record.",
        "请将大内容存放在别处，在记录中保存其 URL。",
    ),
    registry.BatchAborted: Rule(
        "W-BULK-ABORTED",
        "Another item of the all-or-nothing batch was refused, so nothing was registered.",
        "整批原子请求中的另一项被拒绝，因此全部未注册。",
        "Mend the item that has a reason of its own, and send the batch again.",
        "请修正带有具体原因的那一项，再重发整批。",
    ),
    registry.RegisterBusy: Rule(
        "W-REG-BUSY",
        "The write queue is full; nothing of the request was taken.",
        "写入队列已满，请求未被接收。",
        "Wait a moment and send it again, with growing pauses.",
        "请稍后重试，并逐次加长间隔。",
    ),
    registry.RegisterShort: Rule(
        "W-REG-SHORT",
        "The system has too little room on the disk, or too few descriptors; nothing was taken.",
        "磁盘空间或文件描述符不足，请求未被接收。",
        "Make room on the node's disk; what was acknowledged is safe, and reads go on.",
        "请为节点磁盘腾出空间；已确认的数据是安全的，读取不受影响。",
    ),
    registry.RegisterUnavailable: Rule(
        "W-REG-UNAVAILABLE",
        "The register's database cannot be reached now; a change may have been carried out all the same.",
        "暂时无法连接登记库的数据库；变更仍有可能已执行。",
        "Read the record before you send the change again, and look at the node's log.",
        "重发变更前请先查询记录，并查看节点日志。",
    ),
    registry.RegisterAway: Rule(
        "W-REG-AWAY",
        "The register's database cannot be reached now; nothing of the request was taken.",
        "暂时无法连接登记库的数据库；请求未被接收。",
        "Wait a moment and send it again, with growing pauses.",
        "请稍后重试，并逐次加长间隔。",
    ),
    registry.RegisterClosed: Rule(
        "W-REG-CLOSED",
        "The register takes no writes: the node is stopping, or its log failed.",
        "登记库不再接受写入：节点正在停止，或日志出错。",
        "Look at /readyz and at the node's log; what was acknowledged is safe.",
        "请查看 /readyz 和节点日志；已确认的数据是安全的。",
    ),
    registry.LogDamaged: Rule(
        "W-REG-DAMAGED",
        "The record on the disk is damaged.",
        "磁盘上的记录已损坏。",
        "Run `idnode check` on the data directory, and restore a snapshot.",
        "请对数据目录运行 `idnode check`，并恢复快照。",
    ),
    registry.DataDirectoryInUse: Rule(
        "W-REG-IN-USE",
        "Another process has the data directory open.",
        "数据目录正被另一进程使用。",
        "Stop the other node, or give this one a directory of its own.",
        "请停止另一节点，或为本节点指定单独的目录。",
    ),
    registry.UnknownEngine: Rule(
        "W-REG-ENGINE",
        "No engine of the register has this name: {error}.",
        "没有此名称的登记库引擎：{error}。",
        "See `register` in `idnode settings --help`.",
        "请参见 `idnode settings --help` 中的 `register`。",
    ),
    data_model.RegistryError: Rule(
        "W-REG-FAILED",
        "The register refused: {error}.",
        "登记库拒绝：{error}。",
        "Look at the node's log.",
        "请查看节点日志。",
    ),
    directory.DirectoryError: Rule(
        "W-DIR-FAILED",
        "The directory refused: {error}.",
        "目录拒绝：{error}。",
        "Look at the node's log.",
        "请查看节点日志。",
    ),
    directory.SchemaTooNew: Rule(
        "W-DIR-SCHEMA",
        "The directory's database was written by a later version of idnode.",
        "目录数据库由更高版本的 idnode 写入。",
        "Run that version, or restore a copy from before it.",
        "请运行该版本，或恢复升级之前的副本。",
    ),
    directory.DirectoryBusy: Rule(
        "W-DIR-BUSY",
        "The directory's database is busy.",
        "目录数据库繁忙。",
        "Send it again after a moment.",
        "请稍后重试。",
    ),
    directory.DirectoryUnavailable: Rule(
        "W-DIR-UNAVAILABLE",
        "The directory's database does not answer.",
        "目录数据库无应答。",
        "Look at the node's log and at the database.",
        "请查看节点日志和数据库。",
    ),
    service.ServiceError: Rule(
        "W-NODE-REFUSED",
        "The node refused: {error}.",
        "节点拒绝：{error}。",
        "Look at the node's log.",
        "请查看节点日志。",
    ),
}
