"""What is registered: a service and where its instances listen."""

from collections.abc import Iterable, Mapping
from typing import Any, Dict, Optional, Tuple, Union

from .address import Address
from .errors import InvalidArgument
from .name import check_id, check_service

MOST_ADDRESSES = 100
SHORTEST_LEASE, LONGEST_LEASE = 1, 86_400  # seconds
DEFAULT_LEASE = 30  # seconds


class Service:
    """Instances of a service, one for each address.

        Service('web', '127.0.0.1:8080')
        Service('web', '127.0.0.1:8080', '127.0.0.1:8081', weight=2, tags=['v2'])
        Service('web', ['127.0.0.1:8080', '[::1]:8080'])

    name: labels of letters, digits and hyphens, such as `web` or `web.prod`.
    addresses: 1 to 100 of `host:port` or `[v6]:port`, all different; IP addresses, no host names.
    id: of the instance, one label; only with one address. By default it is the address,
        `127-0-0-1-8080`, and so the same after a restart.
    lease_seconds: 1 to 86,400; after that time without a renewal an instance is gone.
    weight (1 to 65,535), priority (0 to 65,535, lower first), tags, metadata, ports: as in the
        HTTP API, for each instance.

    Raises InvalidArgument.
    """

    def __init__(
        self,
        name: str,
        *addresses: Union[str, Iterable[str]],
        id: Optional[str] = None,
        lease_seconds: int = DEFAULT_LEASE,
        weight: int = 1,
        priority: int = 0,
        tags: Iterable[str] = (),
        metadata: Optional[Mapping[str, str]] = None,
        ports: Optional[Mapping[str, Any]] = None,
    ) -> None:
        self.name = check_service(name)
        self.addresses = _addresses(addresses)
        if id is not None and len(self.addresses) > 1:
            raise InvalidArgument("id: is for one address; several have ids of their own")
        self.id = None if id is None else check_id(id)
        if type(lease_seconds) is not int or not SHORTEST_LEASE <= lease_seconds <= LONGEST_LEASE:
            raise InvalidArgument(
                f"lease_seconds: must be a whole number from {SHORTEST_LEASE} to {LONGEST_LEASE}"
            )
        self.lease_seconds = lease_seconds
        if isinstance(tags, str) or not isinstance(tags, Iterable):
            raise InvalidArgument("tags: is a list, like ['v2']")
        for what, given in (("metadata", metadata), ("ports", ports)):
            if not isinstance(given or {}, Mapping):
                raise InvalidArgument(f"{what}: is a dict")
        self._settings = {
            "lease_seconds": lease_seconds, "weight": weight, "priority": priority,
            "tags": list(tags), "metadata": dict(metadata or {}), "ports": dict(ports or {}),
        }  # fmt: skip

    @property
    def registrations(self) -> Dict[str, Dict[str, Any]]:
        """The body of the registration of each instance, by its id."""
        return {
            self.id or address.label: {
                "address": address.host, "port": address.port, **self._settings
            }
            for address in self.addresses
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"Service({', '.join(repr(str(each)) for each in (self.name, *self.addresses))})"


def _addresses(given: Tuple[Union[str, Iterable[str]], ...]) -> Tuple[Address, ...]:
    texts = []
    for each in given:
        is_list = isinstance(each, Iterable) and not isinstance(each, str)
        texts.extend(each if is_list else [each])
    addresses = tuple(Address.parse(text) for text in texts)
    if not 0 < len(addresses) <= MOST_ADDRESSES:
        raise InvalidArgument(
            f"addresses: {len(addresses)} are given; 1 to {MOST_ADDRESSES} are possible,"
            " like '127.0.0.1:8080'"
        )
    if len(set(addresses)) < len(addresses):
        raise InvalidArgument("addresses: one is given twice")
    return addresses
