"""The server that one client is shown with."""

import re

from page.registry import Registry

ZONE = "mesh.internal"
ADDRESS = "127.0.0.1"


class ClientRegistry(Registry):
    """In a network of its own, so its ports are always the same."""

    def __init__(self, binary, directory, ports, settings):
        first, *others = ports
        listeners = [part for port in others for part in ("--dns", f"{ADDRESS}:{port}")]
        super().__init__(binary, directory, {}, *listeners, *settings)
        self.dns, self.http = (ADDRESS, first), (ADDRESS, 8053)

    def answers(self, kind):
        """To queries for this type, since the start."""
        counts = re.findall(
            rf'^rollcall_dns_answers_total\{{[^}}]*type="{kind}"[^}}]*\}} (\d+)',
            self.text("GET", "/metrics"), re.MULTILINE,
        )  # fmt: skip
        return sum(map(int, counts))
