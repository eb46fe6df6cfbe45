"""What replies are compared by, and what of them is noise: differences without meaning.

Taken out of every server's replies, in this one place:

- NS records of the apex in the authority section of a positive answer, which NSD adds and the
  others do not (RFC 1034 section 4.3.2 asks for neither), with the addresses of those servers.
- The sections of a reply with TC=1: how much of them is there is free (RFC 2181 section 9).
- The order of records, repeated records, the case of names, compression.
- Extended DNS errors (RFC 8914), which each server sends as it likes; what is in a cookie, in
  NSID and in the texts of class CHAOS.
- What a TSIG record of an error has beside its error.
"""

import typing

from .message import NAMES_IN_RDATA, TYPES, Reply, Unreadable

NS = TYPES["NS"]
WITH_ADDRESSES = {TYPES[name] for name in ("NS", "MX", "SRV", "SVCB", "HTTPS")}
EXTENDED_ERROR = 15
CHAOS = 3
TSIG = 250


class Form(typing.NamedTuple):
    """A reply as it is compared: two replies mean the same when their forms are equal."""

    rcode: int
    aa: bool
    tc: bool
    flags: int
    question: str  # "echoed", "none" or "other"
    answer: frozenset
    authority: frozenset
    additional: frozenset
    opt: tuple

    def differing(self, other):
        return frozenset(
            field for field, x, y in zip(self._fields, self, other) if x != y
        )


SILENCE = Form(-1, False, False, 0, "none", frozenset(), frozenset(), frozenset(), ())
UNREADABLE = SILENCE._replace(rcode=-2)


def read(octets):
    """A reply, or None where it is missing or can't be read."""
    try:
        return Reply(octets) if octets is not None else None
    except Unreadable:
        return None


def form(octets, reply, query, origins):
    """The form of a reply to `query` from servers of the zones `origins`."""
    if reply is None:
        return SILENCE if octets is None else UNREADABLE
    answer, authority, additional = reply.sections
    if reply.tc:
        answer, authority, additional = (), (), ()
    elif answer:
        apex = [r for r in authority if r[1] == NS and r[0] in origins]
        authority = [r for r in authority if r not in apex]
        # Unless the answer is about these servers too.
        wanted = {target for record in answer + authority for target in targets(record)}
        noise = {record[4] for record in apex} - wanted
        additional = [r for r in additional if r[0] not in noise]
    answer = [r if r[2] != CHAOS else (*r[:4], b"") for r in answer]
    additional = [r if r[1] != TSIG else (*r[:4], tsig_error(r[4])) for r in additional]
    return Form(
        reply.rcode, reply.aa, reply.tc, reply.other_flags, echo(reply, query),
        frozenset(answer), frozenset(authority), frozenset(additional), opt(reply),
    )  # fmt: skip


def targets(record):
    """The names in a record's RDATA whose addresses may be additional data."""
    _, rtype, _, _, rdata = record
    if rtype not in WITH_ADDRESSES:
        return
    target = rdata[NAMES_IN_RDATA[rtype][0] :]
    # RDATA of SVCB goes on after the name.
    end = 0
    while target[end]:
        end += 1 + target[end]
    # "." in SVCB and HTTPS is the owner itself (RFC 9460 section 2.5).
    yield target[: end + 1] if end or rtype not in (64, 65) else record[0]


def tsig_error(rdata):
    """The error field, which only the other data follow (RFC 8945 section 4.2)."""
    at = 0
    while rdata[at]:
        at += 1 + rdata[at]
    mac = at + 1 + 8
    end = mac + 2 + int.from_bytes(rdata[mac : mac + 2], "big")
    return rdata[end + 2 : end + 4]


def echo(reply, query):
    if not reply.question:
        return "none"
    sent = query.octets[10 : 10 + len(reply.question)]
    return "echoed" if reply.question == sent else "other"


def opt(reply):
    """Payload size, version, flags and the options' codes of each OPT record."""
    found = []
    for _, _, size, ttl, rdata in reply.opts:
        found.append((size, ttl >> 16 & 255, ttl & 0xFFFF, options(rdata)))
    return tuple(found)


def options(rdata):
    found, at = set(), 0
    while at + 4 <= len(rdata):
        found.add(int.from_bytes(rdata[at : at + 2], "big"))
        at += 4 + int.from_bytes(rdata[at + 2 : at + 4], "big")
    return frozenset(found - {EXTENDED_ERROR})
