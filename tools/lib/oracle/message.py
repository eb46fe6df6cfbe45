"""DNS messages: queries as octets, and replies read into what a comparison needs.

Its own reader, because a run reads millions of messages and dnspython takes ten times as long.
"""

import struct

TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16,
    "AAAA": 28, "SRV": 33, "NAPTR": 35, "DNAME": 39, "OPT": 41, "DS": 43, "RRSIG": 46,
    "NSEC": 47, "DNSKEY": 48, "SVCB": 64, "HTTPS": 65, "TSIG": 250, "IXFR": 251, "AXFR": 252,
    "MAILB": 253, "MAILA": 254, "ANY": 255, "CAA": 257,
}  # fmt: skip
TYPE_NAMES = {number: name for name, number in TYPES.items()}
CLASSES = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}
RCODES = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
    6: "YXDOMAIN", 9: "NOTAUTH", 16: "BADVERS",
    23: "BADCOOKIE",
}  # fmt: skip

# Octets before the names in RDATA, how many names, and whether they may be compressed
# (RFC 3597 section 4: only in the types of RFC 1035).
NAMES_IN_RDATA = {
    2: (0, 1, True), 5: (0, 1, True), 6: (0, 2, True), 12: (0, 1, True), 15: (2, 1, True),
    33: (6, 1, False), 39: (0, 1, False), 64: (2, 1, False), 65: (2, 1, False),
}  # fmt: skip


def type_number(text):
    return TYPES[text] if text in TYPES else int(text.removeprefix("TYPE"))


def type_name(number):
    return TYPE_NAMES.get(number) or f"TYPE{number}"


def name_octets(text):
    """A name in presentation format (without escapes) as uncompressed octets."""
    labels = [label.encode() for label in text.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def name_text(octets):
    labels, at = [], 0
    while octets[at]:
        label = octets[at + 1 : at + 1 + octets[at]]
        labels.append("".join(chr(o) if 33 <= o < 127 else f"\\{o:03}" for o in label))
        at += 1 + octets[at]
    return ".".join(labels) + "."


def query(name, qtype, qclass=1, flags=0, edns=None):
    """The octets of a query after its ID; `edns` is the OPT record's UDP payload size."""
    name = name if isinstance(name, bytes) else name_octets(name)
    head = struct.pack("!HHHHH", flags, 1, 0, 0, 0 if edns is None else 1)
    return head + name + struct.pack("!HH", qtype, qclass) + (b"" if edns is None else opt(edns))


def opt(size=1232, version=0, flags=0, options=b""):
    return struct.pack("!BHHBBHH", 0, 41, size, 0, version, flags, len(options)) + options


def edns_size(query):
    """The UDP payload size of a query that ends in an OPT record without options."""
    return int.from_bytes(query[-8:-6], "big")


class Unreadable(Exception):
    """The octets are no DNS message."""


class Reply:
    """One reply. Records are (owner, type, class, TTL, RDATA) with names in lower case."""

    __slots__ = ("octets", "rcode", "flags", "question", "sections", "opts", "faults")

    def __init__(self, octets):
        self.octets, self.faults, self.opts = octets, [], []
        try:
            self.read(octets)
        except (IndexError, struct.error):
            raise Unreadable("it ends too early") from None

    def read(self, octets):
        _, self.flags, questions, *counts = struct.unpack_from("!6H", octets)
        self.rcode = self.flags & 15
        at = 12
        for _ in range(questions):
            _, at = read_name(octets, at)
            at += 4
        if at > len(octets):
            raise Unreadable("it ends in the question")
        self.question = octets[12:at]
        self.sections = []
        for count in counts:
            records = []
            for _ in range(count):
                record, at = self.read_record(octets, at)
                if record[1] == 41:
                    self.opts.append(record)
                    self.rcode |= record[3] >> 24 << 4
                else:
                    records.append(record)
            self.sections.append(records)
        if at != len(octets):
            self.faults.append(f"{len(octets) - at} octets after the last record")
        for records in self.sections:
            if len(set(records)) != len(records):
                self.faults.append("a record twice in a section")

    def read_record(self, octets, at):
        owner, at = read_name(octets, at)
        rtype, rclass, ttl, length = struct.unpack_from("!HHIH", octets, at)
        at += 10
        end = at + length
        if end > len(octets):
            raise Unreadable("it ends in a record")
        if rtype not in NAMES_IN_RDATA or not length:
            return (owner, rtype, rclass, ttl, octets[at:end]), end
        prefix, names, compressible = NAMES_IN_RDATA[rtype]
        rdata, position = octets[at : at + prefix], at + prefix
        for _ in range(names):
            name, after = read_name(octets, position)
            if not compressible and after - position != len(name):
                self.faults.append(f"a compressed name in the RDATA of {type_name(rtype)}")
            rdata, position = rdata + name, after
        if position > end:
            raise Unreadable("a name reaches past its RDATA")
        return (owner, rtype, rclass, ttl, rdata + octets[position:end]), end

    @property
    def aa(self):
        return bool(self.flags & 0x0400)

    @property
    def tc(self):
        return bool(self.flags & 0x0200)

    @property
    def other_flags(self):
        """QR, opcode, RD, RA, Z, AD and CD."""
        return self.flags & 0xF9F0

    @property
    def is_referral(self):
        answer, authority, _ = self.sections
        return not self.aa and not answer and any(record[1] == 2 for record in authority)


def read_name(octets, at):
    """The name at an offset, uncompressed and in lower case, and the offset after it."""
    parts, end, limit, length = [], 0, at, 1
    while True:
        size = octets[at]
        if size == 0:
            # No length octet is a letter, so the whole can be lowered at once.
            return b"".join(parts).lower() + b"\0", end or at + 1
        if size < 64:
            parts.append(octets[at : at + size + 1])
            at += size + 1
            length += size + 1
            if length > 255:
                raise Unreadable("a name of more than 255 octets")
        elif size >= 192:
            pointer = (size & 63) << 8 | octets[at + 1]
            end = end or at + 2
            if pointer >= limit:
                raise Unreadable("a compression pointer that does not point back")
            at = limit = pointer
        else:
            raise Unreadable("a label of an unknown kind")
