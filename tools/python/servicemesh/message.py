"""DNS messages between octets and values (RFC 1035 section 4). No I/O."""

import socket
import struct
from typing import List, NamedTuple, Tuple, Union

from .name import LONGEST_NAME, DomainName

A, CNAME, AAAA, OPT, SRV = 1, 5, 28, 41, 33
NOERROR, NXDOMAIN = 0, 3
RCODE_TEXT = {1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED"}
EDNS_SIZE = 1_232  # octets that a reply over UDP may have (RFC 6891 section 6.2.3)

_IN = 1
_QR, _OPCODE, _TC, _RD = 0x8000, 0x7800, 0x0200, 0x0100
_POINTER = 0xC0  # RFC 1035 section 4.1.4
_LONGEST_TTL = 0x7FFF_FFFF  # seconds; more counts as 0 (RFC 2181 section 8)


class Malformed(Exception):
    """Octets that are no DNS message."""


class Question(NamedTuple):
    name: DomainName
    type: int


class ServiceData(NamedTuple):
    """The RDATA of an SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: DomainName


class Record(NamedTuple):
    """`data` is an address as text, a name (CNAME), ServiceData, or b'' for other types."""

    owner: DomainName
    type: int
    ttl: int
    data: Union[str, DomainName, ServiceData, bytes]


class Reply(NamedTuple):
    id: int
    is_query: bool
    is_truncated: bool
    code: int
    questions: Tuple[Question, ...]
    answers: Tuple[Record, ...]
    additionals: Tuple[Record, ...]


def encode_query(identifier: int, question: Question) -> bytes:
    """A query with EDNS. RD is set: the server may be one that forwards the zone."""
    name = b"".join(bytes([len(label)]) + label for label in question.name) + b"\0"
    return (
        struct.pack(">6H", identifier, _RD, 1, 0, 0, 1)
        + name
        + struct.pack(">2H", question.type, _IN)
        + b"\0"
        + struct.pack(">2HIH", OPT, EDNS_SIZE, 0, 0)
    )


def decode(octets: bytes) -> Reply:
    """Raises Malformed, and nothing else, whatever the octets are."""
    reader = _Reader(octets)
    identifier, flags, *counts = reader.take(">6H")
    questions = tuple(_question(reader) for _ in range(counts[0]))
    answers, _, additionals = (
        tuple(record for record in [_record(reader) for _ in range(count)] if record.type != OPT)
        for count in counts[1:]
    )
    return Reply(
        id=identifier,
        is_query=not flags & _QR or bool(flags & _OPCODE),
        is_truncated=bool(flags & _TC),
        code=flags & 0xF,
        questions=questions,
        answers=answers,
        additionals=additionals,
    )


def _question(reader: "_Reader") -> Question:
    name = reader.name()
    kind, qclass = reader.take(">2H")
    # Another class is another question.
    return Question(name, kind if qclass == _IN else -1)


def _record(reader: "_Reader") -> Record:
    owner = reader.name()
    kind, rclass, ttl, length = reader.take(">2HIH")
    end = reader.at + length
    if end > len(reader.octets):
        raise Malformed("a record goes beyond the message's end")
    data: Union[str, DomainName, ServiceData, bytes] = b""
    if rclass != _IN and kind != OPT:
        kind = -1
    if kind == SRV:
        data = ServiceData(*reader.take(">3H"), reader.name())
    elif kind == CNAME:
        data = reader.name()
    elif kind in (A, AAAA):
        family, size = (socket.AF_INET, 4) if kind == A else (socket.AF_INET6, 16)
        data = socket.inet_ntop(family, reader.octets_of(size))
    else:
        reader.at = end
    if reader.at != end:
        raise Malformed("a record is not as long as it says")
    return Record(owner, kind, ttl if ttl <= _LONGEST_TTL else 0, data)


class _Reader:
    """Goes through a message; what is not there raises Malformed."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.at = 0

    def octets_of(self, length: int) -> bytes:
        taken = self.octets[self.at : self.at + length]
        if len(taken) != length:
            raise Malformed("the message ends too soon")
        self.at += length
        return taken

    def take(self, form: str) -> Tuple[int, ...]:
        return struct.unpack(form, self.octets_of(struct.calcsize(form)))

    def name(self) -> DomainName:
        labels: List[bytes] = []
        size, after = 1, None
        lowest = self.at  # a pointer leads before all that was read, so no name is endless
        while True:
            length = self.octets_of(1)[0]
            if length & _POINTER == _POINTER:
                to = (length & ~_POINTER) << 8 | self.octets_of(1)[0]
                if to >= lowest:
                    raise Malformed("a pointer does not lead back")
                after = self.at if after is None else after
                self.at = lowest = to
                continue
            if length & _POINTER:
                raise Malformed("a label of an unknown kind")
            if length == 0:
                break
            size += length + 1
            if size > LONGEST_NAME:
                raise Malformed(f"a name has more than {LONGEST_NAME} octets")
            labels.append(self.octets_of(length).lower())
        if after is not None:
            self.at = after
        return tuple(labels)
