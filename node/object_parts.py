"""Builds what applications of enterprises work with; a part of the composition root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.data_directory import FILES
from idnode.node.faces.idhub.exchange import IdhubServices
from idnode.node.service.objects.access import Access
from idnode.node.service.objects.applications import Applications
from idnode.node.service.objects.files import ObjectFiles
from idnode.node.service.objects.grants import Grants
from idnode.node.service.objects.instance_reading import InstanceReader
from idnode.node.service.objects.instances import Instances
from idnode.node.service.objects.metadata import MetadataTemplates
from idnode.node.service.objects.rows import Rows

if TYPE_CHECKING:
    from idnode.node.service.directory.tokens import Tokens
    from idnode.node.service.events import Observer
    from idnode.node.services import NodeServices
    from idnode.node.settings import Settings
    from idnode.registry.directory.store import Directory
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register


class ObjectParts:
    """Applications, metadata templates, their instances and grants, over one directory."""

    def __init__(  # noqa: PLR0913, PLR0917  # called once, by the composition root
        self,
        settings: Settings,
        clock: Clock,
        register: Register,
        services: NodeServices,
        directory: Directory,
        tokens: Tokens,
    ) -> None:
        rights = Access(register)
        self._clock = clock
        self._guide_codes = settings.idhub_success == "guide"
        self.applications = Applications(register, directory.cache, clock, services.offload, tokens)
        self.templates = MetadataTemplates(directory, clock, rights)
        self.files = ObjectFiles(directory, settings.data_dir / FILES, clock)
        self.rows = Rows(directory)
        self.instances = Instances(
            register,
            self.templates,
            rights,
            self.rows,
            self.files,
            clock,
            open_to_all=settings.idhub_new_handles == "public",
            clears=settings.idhub_update == "clear",
        )
        self.reader = InstanceReader(services.resolver, self.templates, rights)
        self.grants = Grants(register, directory, self.templates, self.instances, rights, clock)

    def idhub(self, observer: Observer) -> IdhubServices:
        """Return what the IDHub face stands on."""
        return IdhubServices(
            applications=self.applications,
            templates=self.templates,
            instances=self.instances,
            reader=self.reader,
            grants=self.grants,
            files=self.files,
            rows=self.rows,
            clock=self._clock,
            observer=observer,
            guide_codes=self._guide_codes,
        )
