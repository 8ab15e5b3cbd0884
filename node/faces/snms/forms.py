"""The application of an enterprise and the configuration of its prefix, as models (snms-api.md §8)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictInt, field_validator, model_validator

from idnode.node.faces.snms.fields import (
    Code8,
    Inner,
    Long,
    OptionalCode8,
    OptionalLong,
    Remarks,
    Required16,
    Required32,
    Required50,
    Required64,
    Required128,
    Required255,
    Text16,
    Text128,
    Text255,
    Text1024,
    digits_to_int,
    nothing_if_empty,
    number_to_text,
)
from idnode.node.faces.snms.models import Model

Digit = Annotated[StrictInt, BeforeValidator(digits_to_int)]
Letter = BeforeValidator(number_to_text)
Day = Annotated[date | None, BeforeValidator(nothing_if_empty)]
Port = Annotated[Text16 | None, BeforeValidator(number_to_text)]


_PLACES = {
    1: "deployMode为1时同时填写deployAddrProvince、deployAddrCity和deployAddr",
    2: "deployMode为2时填写name，即云服务商名称",
}


class SysUser(Model):
    """The account that is made together with an enterprise."""

    username: Required50 = Field(alias="userName")
    password: Inner
    email: Required50
    mobile: Required50
    remarks: Remarks | None = None


class BasicInfo(Model):
    """Names who the enterprise is."""

    orgName: Required255
    orgNature: Annotated[Literal["1", "2", "3", "4", "5"], Letter]
    orgAddrProvince: Code8
    orgAddrCity: Code8
    orgAddrCounty: OptionalCode8 = None
    orgAddr: Required255
    orgCrtType: Annotated[Literal["1", "2"], Letter]
    orgCrtCode: Required32
    orgCrtImgRid: Long
    orgDesc: Text1024 | None = None
    industryCategory: Code8
    industrySpecific: Code8
    website: Text255 | None = None
    regAuthority: Text255 | None = None
    regCapital: OptionalLong = None
    establishDate: Day = None
    periodValidity: Day = None
    contactName: Required128
    contactCrtType: Annotated[Literal[1, 2, 3], BeforeValidator(digits_to_int)]
    contactCrtNo: Required32
    contactCrtFrontImgRid: OptionalLong = None
    contactCrtBackImgRid: OptionalLong = None
    contactEmail: Required128
    contactPhone: Required16
    legalName: Required128
    legalCrtType: Annotated[Literal["1", "2", "3"], Letter]
    legalCrtNo: Required32
    legalCrtFrontImgRid: Long
    legalCrtBackImgRid: Long
    legalEmail: Text128 | None = None
    legalFax: Text255 | None = None
    legalPhone: Text16 | None = None
    entPrefix: Required64


class Deployment(Model):
    """Tells where one of the enterprise's systems runs; kind 5, the service-system backup, is optional."""

    sysType: Annotated[Literal[1, 2, 3, 4, 5], BeforeValidator(digits_to_int)]
    deployMode: Annotated[Literal[1, 2], BeforeValidator(digits_to_int)]
    deployAddrProvince: OptionalCode8 = None
    deployAddrCity: OptionalCode8 = None
    deployAddrCounty: OptionalCode8 = None
    deployAddr: Text255 | None = None
    name: Text255 | None = None
    ipPort: Text255 | None = None

    @model_validator(mode="after")
    def _place_is_told(self) -> "Deployment":
        """Insist on an address on premises, and on a provider in a cloud."""
        told = (
            self.deployAddrProvince and self.deployAddrCity and self.deployAddr
            if self.deployMode == 1
            else self.name
        )
        if not told:
            raise ValueError(_PLACES[self.deployMode])
        return self


class ManageInfo(Model):
    """Describes how the enterprise runs its systems."""

    entInfoSyses: list[Deployment] = Field(max_length=5)
    servSysBuildType: Annotated[Literal[1, 2], BeforeValidator(digits_to_int)]
    servSysBuildName: Text255 | None = None
    servSysBuildContractFileRid: OptionalLong = None
    servSysOperType: Annotated[Literal[1, 2], BeforeValidator(digits_to_int)]
    servSysOperName: Text255 | None = None
    servSysOperContractFileRid: OptionalLong = None


class ServedIndustry(Model):
    """An industry that the enterprise serves, in its four codes."""

    industryCategory: Code8
    industrySpecific: Code8
    industryTrade: Code8
    industrySubclass: Code8


class Licence(Model):
    """A licence: 1 DNS root server, 2 domain registry, 3 domain registrar, 4 value-added telecom."""

    licenceNo: Required255
    licenceType: Annotated[Literal[1, 2, 3, 4], BeforeValidator(digits_to_int)]


class ServeInfo(Model):
    """Describes what the enterprise offers to others; all of it optional."""

    extWebName: Text255 | None = None
    extDomain: Text255 | None = None
    extIpAddr: Text255 | None = None
    dataHostingOrg: Text255 | None = None
    dataHostingContractFileRid: OptionalLong = None
    servHostingOrg: Text255 | None = None
    servHostingContractFileRid: OptionalLong = None
    entInfoSerIndustries: list[ServedIndustry] | None = Field(None, max_length=100)
    entInfoLicenses: list[Licence] | None = Field(None, max_length=100)


class Form(Model):
    """The three objects that describe an enterprise."""

    entBasicInfo: BasicInfo
    entRegisterManageInfo: ManageInfo
    entHostingAndIdentifyServeInfo: ServeInfo | None = None


class FormShown(Model):
    """An application as it is answered: what was sent, without what was left out."""

    entBasicInfo: dict[str, object]
    entRegisterManageInfo: dict[str, object]
    entHostingAndIdentifyServeInfo: dict[str, object] | None


class NewEnterprise(Form):
    """An enterprise together with its account (E1)."""

    sysUser: SysUser


class KnownEnterprise(Form):
    """The enterprise of an account that exists (E2)."""

    username: Required50


class PrefixConfiguration(Model):
    """A prefix and, unless it is hosted, the server that answers for it."""

    entPrefix: Required64
    hdlType: Text255 | None = None
    ip: Text255 | None = None
    ipType: Annotated[Literal["4", "6"] | None, Letter] = None
    tcpPort: Port = None
    udpPort: Port = None
    httpPort: Port = None

    @field_validator("tcpPort", "udpPort", "httpPort")
    @classmethod
    def _port_is_one(cls, port: str | None) -> str | None:
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError("1到65535之间的端口")
        return port


class Configuration(Model):
    """Hosted, with the number of a hosting server, or not (P3)."""

    proxyServerId: OptionalLong = None
    entPrefixConfig: PrefixConfiguration


class EnterpriseShown(Model):
    """An enterprise in a list."""

    id: int
    orgName: str
    orgNature: str
    orgCrtType: str
    orgCrtCode: str
    orgDesc: str
    website: str
    entGeneralId: str
    openIds: list[str]
    createDate: str
    updateDate: str


class PrefixListed(Model):
    """A prefix in a list; its name in both spellings of the source."""

    id: int
    createDate: str
    updateDate: str
    entPrefix: str
    entprefix: str
    entId: int
    state: int
    entName: str
    proxyState: int


class PrefixShown(Model):
    """A prefix; the enterprise's site in both spellings of the source."""

    prefix: str
    createDate: str
    ghrName: str
    status: int
    entNameCn: str
    entWebSite: str
    entSite: str
    entIndustry: str
    entAddrCn: str
    entDesc: str


class Listed(Model):
    """Describes what pages of all kinds say about themselves; ``number`` counts from 1."""

    first: bool
    last: bool
    totalPages: int
    totalElements: int
    number: int
    size: int
    sort: None
    numberOfElements: int


class DirectoryPage(Listed):
    """A page of enterprises."""

    content: list[EnterpriseShown]


class PrefixPage(Listed):
    """A page of prefixes."""

    content: list[PrefixListed]
