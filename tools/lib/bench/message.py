"""DNS messages as far as the measurements need them (RFC 1035 4.1, RFC 6891 6.1)."""

import dataclasses
import struct

TYPES = {"A": 1, "AAAA": 28, "SRV": 33}
OPT = 41
HEADER = struct.Struct(">HHHHHH")
TC, RCODE = 0x0200, 0x000F


def query(name, kind, udp_size=0, identifier=0):
    """A query; with an OPT record if a UDP payload size is given."""
    labels = name.rstrip(".").split(".")
    owner = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
    question = owner + struct.pack(">HH", TYPES[kind], 1)
    opt = struct.pack(">BHHIH", 0, OPT, udp_size, 0, 0) if udp_size else b""
    return HEADER.pack(identifier, 0, 1, 0, 0, 1 if opt else 0) + question + opt


@dataclasses.dataclass(frozen=True)
class Shape:
    """What two replies to the same query must share to be called the same."""

    rcode: int
    truncated: bool
    answers: int
    authorities: int
    additionals: int  # without OPT

    def __str__(self):
        code = {0: "", 3: "NXDOMAIN, "}.get(self.rcode, f"RCODE {self.rcode}, ")
        counts = f"{self.answers} + {self.authorities} + {self.additionals} records"
        return code + counts + (", TC" if self.truncated else "")


def shape(reply):
    _, flags, questions, answers, authorities, additionals = HEADER.unpack_from(reply)
    at = HEADER.size
    for _ in range(questions):
        at = after_name(reply, at) + 4
    options = 0
    for _ in range(answers + authorities + additionals):
        at = after_name(reply, at)
        kind, _, _, length = struct.unpack_from(">HHIH", reply, at)
        options += kind == OPT
        at += 10 + length
    truncated = bool(flags & TC)
    return Shape(flags & RCODE, truncated, answers, authorities, additionals - options)


def after_name(text, at):
    while text[at]:
        if text[at] >= 0xC0:
            return at + 2
        at += 1 + text[at]
    return at + 1


def has_answers(reply):
    """Whether it is NOERROR with at least one answer record."""
    return len(reply) >= 12 and not reply[3] & RCODE and reply[6:8] != b"\0\0"
