"""What an instance replied."""

import json
from email.message import Message
from typing import Any, NamedTuple

from .endpoint import Endpoint


class Response(NamedTuple):
    """Any status, also 404 or 503: only the lack of a reply is an error.

    status: such as 200. reason: such as 'OK'.
    headers: by name, in whatever case: `headers['Content-Type']`, `headers.get_all('Set-Cookie')`.
    body: the octets.
    instance: who answered (`instance.id`, `instance.address`).
    tries: how many requests it took.
    """

    status: int
    reason: str
    headers: Message
    body: bytes
    instance: Endpoint
    tries: int

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body by the charset that Content-Type names, else UTF-8; faults become U+FFFD."""
        charset = self.headers.get_content_charset("utf-8")
        try:
            return self.body.decode(charset, "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError if it is none."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return (
            f"<Response {self.status} {self.reason} from {self.instance}, {len(self.body)} octets>"
        )
