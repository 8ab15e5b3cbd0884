"""A node in a container of a test's own, for testcontainers (`pip install 'testcontainers>=4.13'`).

::

    with IdnodeContainer() as node:
        requests.get(node.http + "/api/handles/88.900.1/hello")
"""

import secrets

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

IMAGE = "idnode"
HANDLE_PORT, HTTP_PORT, ADMIN_PORT = 2641, 8000, 8641


class IdnodeContainer(DockerContainer):
    """A node whose ports are published on free ones; its secret is drawn anew."""

    def __init__(self, image: str = IMAGE) -> None:
        super().__init__(image)
        self.secret = secrets.token_hex(12)
        # Bound to all addresses of the container, for ports are published from there; that takes a secret of its own.
        self.with_env("IDNODE_HOST", "0.0.0.0")  # noqa: S104
        self.with_env("IDNODE_SECRET", self.secret)
        self.with_env("IDNODE_PLAIN_CREDENTIALS", "true")
        self.with_env("IDNODE_SITE_ADDRESS", "127.0.0.1")
        self.with_env("IDNODE_DURABILITY", "none")
        self.with_exposed_ports(HANDLE_PORT, HTTP_PORT, ADMIN_PORT)
        self.waiting_for(HttpWaitStrategy(ADMIN_PORT, "/readyz"))

    @property
    def http(self) -> str:
        """URL of the HTTP port."""
        return self._url(HTTP_PORT)

    @property
    def admin(self) -> str:
        """URL of the management port."""
        return self._url(ADMIN_PORT)

    @property
    def handle_tcp(self) -> tuple[str, int]:
        """Host and port of the binary protocol over TCP."""
        return self.get_container_host_ip(), int(self.get_exposed_port(HANDLE_PORT))

    def _url(self, port: int) -> str:
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(port)}"
