"""Names of services and instances, and the domain names that are made of them."""

import re
from typing import Tuple

from .errors import InvalidArgument

# The labels of a domain name, as they are compared: in lower case (RFC 4343).
DomainName = Tuple[bytes, ...]

LONGEST_LABEL = 63  # octets (RFC 1035 section 2.3.4)
LONGEST_NAME = 255  # octets, with the length octets and the root
LONGEST_SERVICE = 200  # octets

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def check_service(text: str, what: str = "service") -> str:
    """Returns the name of a service, one or more labels, as it was given."""
    _check_labels(text, text.split(".") if isinstance(text, str) else [], what)
    return text


def check_callee(text: str) -> str:
    """Returns what may be looked up: also `_admin._tcp.web`, a port's name (RFC 2782)."""
    labels = text.split(".") if isinstance(text, str) else []
    _check_labels(text, [label[1:] if label[:1] == "_" else label for label in labels], "callee")
    return text


def check_id(text: str) -> str:
    """Returns the id of an instance, one label, as it was given."""
    _check_labels(text, [text] if isinstance(text, str) else [], "id")
    return text


def _check_labels(text: str, labels: "list[str]", what: str) -> None:
    if not labels or not all(_LABEL.fullmatch(label) for label in labels):
        dots = "" if what == "id" else ", with dots between labels and without the zone"
        raise InvalidArgument(
            f"{what}: {text!r} must be letters, digits and hyphens (none at an end), at most"
            f" {LONGEST_LABEL} a label{dots}"
        )
    if len(text) > LONGEST_SERVICE:
        raise InvalidArgument(
            f"{what}: {text[:20]!r}… has {len(text)} octets, the limit is {LONGEST_SERVICE}"
        )


def domain_name(text: str) -> DomainName:
    """The labels of `text`, whose dot at the end may be left out.

    Raises InvalidArgument if a label or the whole is empty or too long.
    """
    try:
        labels = tuple(text.lower().rstrip(".").encode("ascii").split(b"."))
    except UnicodeEncodeError:
        raise InvalidArgument(f"the name {text!r} has other characters than ASCII") from None
    if not all(0 < len(label) <= LONGEST_LABEL for label in labels):
        raise InvalidArgument(
            f"the name {text!r} has a label that is empty or has more than {LONGEST_LABEL} octets"
        )
    if sum(len(label) + 1 for label in labels) + 1 > LONGEST_NAME:
        raise InvalidArgument(f"the name {text[:20]!r}… has more than {LONGEST_NAME} octets")
    return labels


def text_of(name: DomainName) -> str:
    """The name as it is written, with `\\DDD` for octets that are no visible ASCII."""
    return "".join(
        "".join(
            chr(octet) if 0x21 <= octet <= 0x7E and octet not in b".\\" else f"\\{octet:03}"
            for octet in label
        )
        + "."
        for label in name
    ) or "."
