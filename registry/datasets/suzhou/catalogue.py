"""The list of industries with their attributes; see `industries` for how to read it."""

from typing import Final

from idnode.registry.datasets.suzhou.industries import (
    INSPECTION,
    Attribute,
    Day,
    Industry,
    Measure,
    OfEnterprise,
    Own,
    Related,
    pick,
)

_TRACE: Final = Own("https://trace.example.com/{prefix}/")

DAILY_CHEMICALS: Final = Industry(
    code="daily-chemicals",
    name="日化",
    trade="日用化学品",
    classes=("C", "26", "268", "2682"),
    standard=12,
    attributes=(
        Attribute(
            "产品名称",
            "productName",
            pick(
                "氨基酸洁面乳",
                "玫瑰护手霜",
                "清透防晒乳 SPF50+",
                "洗衣凝珠",
                "Silk Shampoo 丝质洗发露",
            ),
        ),
        Attribute("品牌", "brand", pick("示例·芳草集", "示例·苏绣", "Sample Blossom", "示例·澄湖")),
        Attribute("商品条码", "gtin", Measure("6901234567###")),
        Attribute("生产批号", "batchNo", Day(form="L%Y%m%dB")),
        Attribute("生产日期", "mfgDate", Day()),
        Attribute("备案编号", "filingNo", Measure("苏G妆网备字2021000###")),
        Attribute("限期使用日期", "expDate", Day(1095)),
        Attribute("净含量", "netContent", pick("50 mL", "100 mL", "200 mL", "500 g", "1.5 kg")),
        Attribute("产线", "lineNo", pick("L01", "L02", "L03", "L05")),
        Attribute("检验结果", "inspection", pick("合格", "合格（复检）", "PASS")),
        Attribute("所属箱码", "carton", Related(24)),
        Attribute("追溯链接", "URL", _TRACE),
        Attribute("配方版本", "formulaRev", Measure("F-2##-R3")),
        Attribute("微生物检验", "microbial", pick("菌落总数 <10 CFU/g", "未检出")),
        *INSPECTION,
    ),
)

AUTO_PARTS: Final = Industry(
    code="auto-parts",
    name="汽车零部件",
    trade="汽车零部件",
    classes=("C", "36", "367", "3670"),
    standard=16,
    attributes=(
        Attribute("零件号", "partNo", Measure("31208450-##A")),
        Attribute(
            "零件名称",
            "partName",
            pick("转向节", "制动卡钳", "前副车架", "轮毂轴承单元", "Gearbox Housing"),
        ),
        Attribute("批次号", "batchNo", Day(form="B%y%m%d")),
        Attribute("序列号", "serialNo", Own()),
        Attribute("生产日期", "mfgDate", Day()),
        Attribute("图纸版本", "drawingRev", pick("A0", "B2", "C1", "D4")),
        Attribute("供应商代码", "supplierCode", Measure("SUP-SZ-0###")),
        Attribute("炉号", "heatNo", Day(-9, "H%y%m%d-2")),
        Attribute("拧紧力矩", "torque", Measure("85.## N·m")),
        Attribute("气密检测", "leakTest", Measure("0.## mL/min 合格")),
        Attribute(
            "材料", "material", pick("QT450-10", "AlSi10Mg", "20CrMnTi", "42CrMo4", "B1500HS")
        ),
        Attribute("主机厂", "oem", pick("示例汽车", "Sample Motors", "示例新能源", "示例客车")),
        Attribute("适用车型", "vehicleModel", pick("SX-E5 2021款", "SX-V7 PHEV", "Van T3")),
        Attribute("操作工", "operator", Measure("OP-1###")),
        Attribute("工位", "station", pick("OP10 加工", "OP40 压装", "OP70 终检", "OP80 包装")),
        Attribute("追溯链接", "URL", _TRACE),
        Attribute("料箱", "container", Related(36)),
        *INSPECTION,
    ),
)

PHARMA: Final = Industry(
    code="pharma",
    name="医药",
    trade="制药",
    classes=("C", "27", "272", "2720"),
    standard=13,
    attributes=(
        Attribute(
            "药品名称",
            "drugName",
            pick("阿莫西林胶囊", "盐酸二甲双胍片", "注射用头孢呋辛钠", "维生素C片"),
        ),
        Attribute("追溯码", "traceCode", Own()),
        Attribute("包装级别", "packLevel", pick("小包装 1", "小包装 1", "中包装 2", "大包装 3")),
        Attribute("生产批号", "batchNo", Day(form="%y%m%d01")),
        Attribute("有效期至", "expDate", Day(730)),
        Attribute("批准文号", "approvalNo", Measure("国药准字H20190###")),
        Attribute(
            "规格", "spec", pick("0.25g×24粒/盒", "0.5g×20片/盒", "1.5g×10瓶/盒", "100mg×100片/瓶")
        ),
        Attribute("上级包装码", "parentCode", Related(10)),
        Attribute("生产日期", "mfgDate", Day()),
        Attribute("上市许可持有人", "mah", OfEnterprise()),
        Attribute("生产企业", "manufacturer", OfEnterprise("{name}（{prefix}）")),
        Attribute(
            "贮藏", "storage", pick("遮光，密封，在阴凉处保存", "密封，在干燥处保存", "2～8℃ 冷藏")
        ),
        Attribute("检验报告", "testReport", Measure("COA-2021-0###")),
        *INSPECTION,
    ),
)

DIE_CASTING: Final = Industry(
    code="die-casting",
    name="压铸",
    trade="压铸",
    classes=("C", "33", "339", "3392"),
    standard=16,
    attributes=(
        Attribute(
            "产品",
            "product",
            pick("电机壳体", "逆变器下壳", "滤波器腔体 5G", "减速器壳", "Heat Sink"),
        ),
        Attribute("合金", "alloy", pick("ADC12", "AlSi10MnMg", "A380", "AM60B")),
        Attribute("模具号", "mouldNo", Measure("M-2021-1##")),
        Attribute("压铸机", "machine", pick("DC-0850T-03", "DC-1650T-01", "DC-2500T-02")),
        Attribute("炉号", "heatNo", Day(form="H%y%m%d-1")),
        Attribute("熔炼温度", "meltTemp", Measure("68# ℃")),
        Attribute("模具温度", "mouldTemp", Measure("21# ℃")),
        Attribute("低速", "lowSpeed", Measure("0.2# m/s")),
        Attribute("高速", "highSpeed", Measure("4.## m/s")),
        Attribute("铸造压力", "castPressure", Measure("8#.# MPa")),
        Attribute("保压时间", "holdTime", Measure("1#.# s")),
        Attribute("节拍", "cycle", Measure("7#.# s")),
        Attribute("压射次数", "shots", Measure("36###")),
        Attribute("光谱", "spectro", Measure("Si 10.# Fe 0.8# Mg 0.2#")),
        Attribute("X光", "xray", pick("ASTM E505 2级", "ASTM E505 1级", "合格")),
        Attribute("追溯链接", "URL", _TRACE),
        Attribute("硬度", "hardness", Measure("HB 8#")),
        Attribute("客户", "customer", Related(500)),
        *INSPECTION[:6],
    ),
)

ENVIRONMENT: Final = Industry(
    code="environment",
    name="环保",
    trade="环境服务",
    classes=("N", "77", "772", "7724"),
    standard=12,
    attributes=(
        Attribute(
            "废物名称",
            "wasteName",
            pick("废矿物油", "废乳化液", "废活性炭", "含铜污泥", "废包装桶"),
        ),
        Attribute(
            "废物代码", "wasteCode", pick("900-249-08", "900-006-09", "900-039-49", "398-005-22")
        ),
        Attribute("危废类别", "hwClass", pick("HW08", "HW09", "HW49", "HW22")),
        Attribute("重量", "weightKg", Measure("18#.## kg")),
        Attribute("入库日期", "storageStart", Day()),
        Attribute("产废单位", "producer", OfEnterprise("{name}")),
        Attribute("容器", "container", pick("200L 铁桶", "吨袋", "IBC 吨桶", "50L 塑料桶")),
        Attribute("危险特性", "hazard", pick("毒性 T,易燃性 I", "毒性 T", "毒性 T,感染性 In")),
        Attribute("运输单位", "transporter", pick("示例危货运输有限公司", "示例物流（吴江）")),
        Attribute("车牌", "plate", Measure("苏E·示例##")),
        Attribute("处置单位", "disposer", pick("示例固废处置中心", "示例再生资源（张家港）")),
        Attribute("转移联单", "manifest", Day(3, "3205%Y%m%d01")),
        Attribute("库位", "storagePlace", Measure("危废库-A##")),
        Attribute("批次", "lot", Related(48)),
        *INSPECTION,
    ),
)

ELECTRONICS: Final = Industry(
    code="electronics",
    name="电子信息",
    trade="电子科技",
    classes=("C", "39", "398", "3982"),
    standard=13,
    attributes=(
        Attribute(
            "产品名称",
            "productName",
            pick("四层刚性板", "柔性电路板 FPC", "射频模组", "光模块 100G LR4"),
        ),
        Attribute("型号", "model", Measure("SX-PCB-4##")),
        Attribute("序列号", "serialNo", Own()),
        Attribute("周期码", "dateCode", Day(form="%y%W")),
        Attribute("生产日期", "mfgDate", Day()),
        Attribute("拼板码", "panel", Related(20)),
        Attribute("层数", "layers", pick("2", "4", "6", "8", "12")),
        Attribute("表面处理", "finish", pick("ENIG 沉金", "OSP", "无铅喷锡", "Immersion Silver")),
        Attribute("阻抗", "impedance", Measure("50.## Ω")),
        Attribute("飞针测试", "flyingProbe", pick("PASS", "PASS", "PASS (retest)")),
        Attribute("AOI 结果", "aoi", pick("OK 0 缺陷", "OK 1 返修")),
        Attribute("环保", "compliance", pick("RoHS 2.0 / REACH", "无卤 Halogen-free")),
        Attribute("追溯链接", "URL", _TRACE),
        *INSPECTION,
    ),
)

EQUIPMENT: Final = Industry(
    code="equipment",
    name="装备制造",
    trade="智能装备",
    classes=("C", "34", "344", "3441"),
    standard=12,
    attributes=(
        Attribute(
            "产品名称",
            "productName",
            pick("锂电冲击扳手", "离心泵", "伺服压力机", "AGV 搬运车", "铝模板"),
        ),
        Attribute("型号", "model", Measure("IS80-65-1##")),
        Attribute("出厂编号", "serialNo", Own()),
        Attribute("制造商", "manufacturer", OfEnterprise()),
        Attribute("生产日期", "mfgDate", Day()),
        Attribute("额定功率", "ratedPower", pick("1.5 kW", "7.5 kW", "22 kW", "20 V / 5.0 Ah")),
        Attribute("额定转速", "ratedSpeed", pick("1450 r/min", "2900 r/min", "0-2200 rpm")),
        Attribute("重量", "weight", Measure("4#.# kg")),
        Attribute(
            "执行标准", "standard", pick("GB/T 5657-2013", "GB/T 3883.1-2014", "JB/T 8097-1999")
        ),
        Attribute("装箱单", "packingList", Related(8)),
        Attribute("质保至", "warrantyUntil", Day(730)),
        Attribute("追溯链接", "URL", _TRACE),
        *INSPECTION,
    ),
)

INDUSTRIES: Final = (
    DAILY_CHEMICALS,
    AUTO_PARTS,
    PHARMA,
    ENVIRONMENT,
    DIE_CASTING,
    ELECTRONICS,
    EQUIPMENT,
)
"""Every industry, in the order of the single-industry nodes 88.906 … 88.912."""
