"""An IP address with a port."""

import ipaddress
from typing import NamedTuple, Optional

from .errors import InvalidArgument

HIGHEST_PORT = 65_535


class Address(NamedTuple):
    """`host` is an IPv4 or IPv6 address in its shortest form, without brackets."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, default_port: Optional[int] = None) -> "Address":
        """Reads `10.0.0.1:8080` or `[fd00::1]:8080`.

        Raises InvalidArgument, which says how an address is written.
        """

        def fault(reason: str) -> InvalidArgument:
            return InvalidArgument(
                f"the address {text!r} {reason}; write it like 127.0.0.1:8080 or [::1]:8080"
            )

        if not isinstance(text, str):
            raise fault("is no text")
        host, colon, port = text, "", ""
        if not text.endswith("]") and (text.startswith("[") or text.count(":") == 1):
            host, colon, port = text.rpartition(":")
        is_bracketed = host.startswith("[") and host.endswith("]")
        try:
            address = ipaddress.ip_address(host[1:-1] if is_bracketed else host)
        except ValueError:
            raise fault("has no IP address") from None
        if getattr(address, "scope_id", None):
            raise fault("is good on one link only")
        if (address.version == 6) != is_bracketed:
            raise fault("has brackets where none belong, or none around IPv6")
        if not colon:
            if default_port is None:
                raise fault("has no port")
            return cls(str(address), default_port)
        is_number = port.isascii() and port.isdecimal() and len(port) <= len(str(HIGHEST_PORT))
        if not (is_number and 0 < int(port) <= HIGHEST_PORT):
            raise fault(f"has no port from 1 to {HIGHEST_PORT} after the colon")
        return cls(str(address), int(port))

    @property
    def label(self) -> str:
        """One DNS label that no other address has: `127-0-0-1-8080`, `fd00-0-0-0-0-0-0-1-8080`.

        At most 45 octets. IPv6 is written without `::`, since a label begins with no hyphen.
        """
        address = ipaddress.ip_address(self.host)
        parts = address.exploded.split("." if address.version == 4 else ":")
        if address.version == 6:
            parts = [f"{int(part, 16):x}" for part in parts]
        return "-".join([*parts, str(self.port)])

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
