"""A request as the caller wants it, checked before anything is sent."""

import json
import re
from collections.abc import Mapping
from typing import Any, Dict, NamedTuple, Optional

from .errors import InvalidArgument
from .name import check_callee, check_service

CALLER_HEADER = "Rollcall-Caller"
IDEMPOTENT = frozenset(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])  # RFC 9110 9.2.2
LARGEST_BODY = 64 * 1_024 * 1_024  # octets, of a request and of a response
MOST_RETRIES = 20
LONGEST_TIMEOUT = 3_600.0  # seconds
LONGEST_PATH = 8_000  # octets; RFC 9110 section 4.1 wants at least as much of servers

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_PATH = re.compile(r"/[\x21\x22\x24-\x7e]*")
# What the package decides itself, so that an instance reads what was meant.
_OWN_FIELDS = frozenset([CALLER_HEADER.lower(), "content-length", "transfer-encoding"])


class Request(NamedTuple):
    callee: str
    method: str
    path: str
    body: Optional[bytes]
    fields: Dict[str, str]
    is_repeatable: bool  # whether twice does no more than once
    timeout: float  # seconds for a try
    deadline: float  # seconds for all
    retries: int

    @classmethod
    def of(
        cls,
        caller: str,
        callee: str,
        path: str,
        method: str,
        body: Any,
        headers: Optional[Mapping[str, str]],
        timeout: float,
        retries: int,
        deadline: float,
        idempotent: Optional[bool],
    ) -> "Request":
        """Raises InvalidArgument."""
        check_service(caller, "caller")
        check_callee(callee)
        if not isinstance(path, str) or not _PATH.fullmatch(path) or len(path) > LONGEST_PATH:
            raise InvalidArgument(
                f"path: {path!r:.80} must begin with '/' and hold visible ASCII without '#', at"
                f" most {LONGEST_PATH} characters; urllib.parse.quote() encodes what else there is"
            )
        method = method.upper() if isinstance(method, str) else ""
        if not _TOKEN.fullmatch(method) or method == "CONNECT":
            raise InvalidArgument(f"method: {method!r} is none that can be sent, such as 'POST'")
        if type(retries) is not int or not 0 <= retries <= MOST_RETRIES:
            raise InvalidArgument(f"retries: must be a whole number from 0 to {MOST_RETRIES}")
        for what, seconds in (("timeout", timeout), ("deadline", deadline)):
            if not isinstance(seconds, (int, float)) or not 0 < seconds <= LONGEST_TIMEOUT:
                raise InvalidArgument(
                    f"{what}: must be seconds, more than 0 and at most {LONGEST_TIMEOUT:.0f}"
                )
        octets, kind = _octets(body)
        given = _checked(headers or {})
        if any(name.lower() == "content-type" for name in given):
            kind = {}
        fields = {**kind, **given, CALLER_HEADER: caller}
        is_repeatable = method in IDEMPOTENT if idempotent is None else bool(idempotent)
        return cls(
            callee, method, path, octets, fields, is_repeatable, timeout, deadline, retries
        )


def _octets(body: Any) -> "tuple[Optional[bytes], Dict[str, str]]":
    """The body, and the field that says what it is."""
    kind: Dict[str, str] = {}
    if isinstance(body, (dict, list)):
        try:
            body = json.dumps(body, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidArgument(f"body: can't be written as JSON: {error}") from None
        kind = {"Content-Type": "application/json"}
    elif isinstance(body, str):
        kind = {"Content-Type": "text/plain; charset=utf-8"}
    octets = body.encode("utf-8") if isinstance(body, str) else body
    if octets is not None and not isinstance(octets, (bytes, bytearray)):
        raise InvalidArgument(
            f"body: {type(body).__name__} can't be sent; give bytes, text, or a dict or list (JSON)"
        )
    if octets is not None and len(octets) > LARGEST_BODY:
        raise InvalidArgument(f"body: {len(octets)} octets, the limit is {LARGEST_BODY}")
    return None if octets is None else bytes(octets), kind


def _checked(headers: Mapping[str, str]) -> Dict[str, str]:
    if not isinstance(headers, Mapping):
        raise InvalidArgument("headers: is a dict, like {'Accept': 'text/plain'}")
    for name, value in headers.items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise InvalidArgument(f"headers: {name!r} is no name of a field")
        if name.lower() in _OWN_FIELDS:
            raise InvalidArgument(f"headers: {name} is set by the package")
        if not isinstance(value, str) or not _FIELD_VALUE.fullmatch(value):
            raise InvalidArgument(f"headers: the value of {name} is no line of Latin-1 text")
    return dict(headers)
