"""Where the servers are: arguments, else environment variables, else defaults."""

import ipaddress
import os
import urllib.parse
from typing import Iterable, Mapping, NamedTuple, Optional, Tuple, Union

from .address import Address
from .errors import InvalidArgument
from .name import DomainName, domain_name

DEFAULT_DNS = "127.0.0.1:5300"
DEFAULT_HTTP = "http://127.0.0.1:8053"
DEFAULT_ZONE = "mesh.internal"
DNS_PORT = 53  # where an address has none
MOST_SERVERS = 8


class RegistryURL(NamedTuple):
    """The HTTP API, which is at the root of a host. `host` is without brackets."""

    is_tls: bool
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "RegistryURL":
        def fault(reason: str) -> InvalidArgument:
            return InvalidArgument(
                f"the registry {text!r} {reason}; set ROLLCALL_HTTP like {DEFAULT_HTTP}"
            )

        if not isinstance(text, str):
            raise fault("is no text")
        try:
            url = urllib.parse.urlsplit(text if "://" in text else f"http://{text}")
            host, port = url.hostname, url.port
        except ValueError as error:
            raise fault(f"can't be read ({error})") from None
        if url.scheme not in ("http", "https"):
            raise fault("is neither http:// nor https://")
        if not host or port == 0:
            raise fault("has no host, or 0 as its port")
        if url.path not in ("", "/") or url.query or url.fragment or "@" in url.netloc:
            raise fault("has more than a host and a port")
        if not text.isascii() or "," in host or any(c <= " " for c in text):
            raise fault("has no host that can be asked")
        return cls(url.scheme == "https", host, port or (443 if url.scheme == "https" else 80))

    @property
    def is_loopback(self) -> bool:
        """Whether what is sent there stays on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}"


class Settings(NamedTuple):
    servers: Tuple[Address, ...]
    registry: RegistryURL
    zone: DomainName
    token: Optional[str]
    ca_file: Optional[str]

    @classmethod
    def read(
        cls,
        dns: Union[str, Iterable[str], None] = None,
        http: Optional[str] = None,
        zone: Optional[str] = None,
        token: Optional[str] = None,
        ca_file: Optional[str] = None,
        allow_plaintext: bool = False,
        environment: Mapping[str, str] = os.environ,
    ) -> "Settings":
        """Raises InvalidArgument, which names what is wrong."""
        given = dns or environment.get("ROLLCALL_DNS") or DEFAULT_DNS
        settings = cls(
            _servers(given.split(",") if isinstance(given, str) else list(given)),
            RegistryURL.parse(http or environment.get("ROLLCALL_HTTP") or DEFAULT_HTTP),
            domain_name(zone or environment.get("ROLLCALL_ZONE") or DEFAULT_ZONE),
            token or environment.get("ROLLCALL_TOKEN") or None,
            ca_file or environment.get("ROLLCALL_CA_FILE") or None,
        )
        settings._check_token(allow_plaintext)
        return settings

    def _check_token(self, allow_plaintext: bool) -> None:
        token, registry = self.token or "", self.registry
        if not all(0x21 <= ord(character) <= 0x7E for character in token):
            raise InvalidArgument("the token (ROLLCALL_TOKEN) has blanks or other than ASCII")
        if token and not (registry.is_tls or registry.is_loopback or allow_plaintext):
            raise InvalidArgument(
                f"the token would be sent to {registry} without TLS, where others can read it;"
                " use https://, or allow_plaintext=True if the network is safe"
            )


def _servers(texts: "list[str]") -> Tuple[Address, ...]:
    if not 0 < len(texts) <= MOST_SERVERS:
        raise InvalidArgument(
            f"ROLLCALL_DNS has {len(texts)} servers; 1 to {MOST_SERVERS} are possible"
        )
    try:
        return tuple(Address.parse(text.strip(), DNS_PORT) for text in texts)
    except InvalidArgument as error:
        raise InvalidArgument(f"ROLLCALL_DNS: {error}") from None
