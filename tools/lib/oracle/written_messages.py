"""Source (c), second half: messages written by hand, malformed, unusual or about meta types."""

import struct

from .case import APEX, APEX_NS, Case, Query
from .message import name_octets, opt

ZONE = {"m.test.": APEX + APEX_NS + "a A 192.0.2.1\ndel NS ns.del\nns.del A 192.0.2.2\n"}
NAME = name_octets("a.m.test.")
QUESTION = NAME + b"\0\1\0\1"
LABEL = b"\x3f" + b"a" * 63
COOKIE = b"\0\x0a\0\x08" + b"12345678"


def header(flags=0, qd=1, an=0, ns=0, ar=0):
    return struct.pack("!5H", flags, qd, an, ns, ar)


def record(name, rtype, rclass, rdata):
    return name + struct.pack("!HHIH", rtype, rclass, 0, len(rdata)) + rdata


ADDRESS = record(b"\xc0\x0c", 1, 1, b"\1\2\3\4")
SOA = record(name_octets("m.test."), 6, 1, b"\0\0" + struct.pack("!5I", 1, 2, 3, 4, 5))
TSIG_DATA = (
    name_octets("hmac-sha256.") + struct.pack("!HIHH", 0, 1700000000, 300, 32)
    + b"\1" * 32 + b"\0" * 6
)  # fmt: skip
KEY = name_octets("key.unknown.")
TSIG = record(KEY, 250, 255, TSIG_DATA)


def asking(name, qtype, qclass=1):
    return name_octets(name) + struct.pack("!HH", qtype, qclass)


def headers():
    bits = {"rd": 0x100, "cd": 0x10, "ad": 0x20, "z": 0x40, "aa": 0x400, "tc": 0x200, "ra": 0x80}
    for name, bit in bits.items():
        yield f"header: {name}", header(bit) + QUESTION
        yield f"header: {name} edns", header(bit, ar=1) + QUESTION + opt()
    yield "header: rcode 15", header(0xF) + QUESTION
    yield "header: all bits", header(0x7FF) + QUESTION
    yield "header: reply", header(0x8000) + QUESTION
    yield "header: reply, opcode 4", header(0xA000) + QUESTION
    yield "header: short", header()[:9]
    yield "header: very short", header()[:3]
    yield "header: id alone", b""


def opcodes():
    for number in (1, 2, 3, 4, 5, 6, 7, 15):
        yield f"opcode {number}:", header(number << 11) + QUESTION
        yield f"opcode {number}: rd cd", header(number << 11 | 0x110) + QUESTION
        yield f"opcode {number}: edns", header(number << 11, ar=1) + QUESTION + opt()
        yield f"opcode {number}: no question", header(number << 11, qd=0)
    yield "opcode 4: an apex", header(4 << 11 | 0x400) + asking("m.test.", 6)
    yield "opcode 5: an apex", header(5 << 11) + asking("m.test.", 6)
    yield "opcode 4: edns version 1", header(4 << 11, ar=1) + QUESTION + opt(version=1)


def counts():
    yield "counts: two questions", header(qd=2) + QUESTION * 2
    yield "counts: two questions edns", header(qd=2, ar=1) + QUESTION * 2 + opt()
    yield "counts: no question", header(qd=0)
    yield "counts: no question edns", header(qd=0, ar=1) + opt()
    yield "counts: no question cookie", header(qd=0, ar=1) + opt(options=COOKIE)
    yield "counts: header alone", header()
    yield "counts: an lies", header(an=1) + QUESTION
    yield "counts: ns lies", header(ns=1) + QUESTION
    yield "counts: ar lies", header(ar=1) + QUESTION
    yield "records: answer", header(an=1) + QUESTION + ADDRESS
    yield "records: authority", header(ns=1) + QUESTION + ADDRESS
    yield "records: additional", header(ar=1) + QUESTION + ADDRESS
    yield "records: opt and additional", header(ar=2) + QUESTION + opt() + ADDRESS
    yield "records: additional and opt", header(ar=2) + QUESTION + ADDRESS + opt()
    yield "records: opt owner not root", header(ar=1) + QUESTION + b"\1a" + opt()
    yield "trailing: 1", header() + QUESTION + b"\0"
    yield "trailing: 9", header() + QUESTION + b"trailing!"
    yield "trailing: after opt", header(ar=1) + QUESTION + opt() + b"xyz"
    yield "trailing: an uncounted opt", header() + QUESTION + opt()
    yield "large: 5000 octets behind", header() + QUESTION + b"\0" * 5000


def extensions():
    start = header(ar=1) + QUESTION
    yield "opt: twice", header(ar=2) + QUESTION + opt() * 2
    yield "opt: in the answer", header(an=1) + QUESTION + opt()
    yield "opt: in the authority", header(ns=1) + QUESTION + opt()
    yield "opt: owner is a pointer", start + b"\xc0\x14" + opt()[1:]
    yield "opt: rdlength too long", start + opt()[:-2] + b"\0\4"
    yield "trailing: opt rdlength too short", start + opt() + b"\0\3\0\0"
    yield "opt: option too long", start + opt(options=b"\0\3\0\7")
    yield "opt: half an option", start + opt(options=b"\0\3\0")
    for version in (1, 2, 255):
        yield f"version {version}:", start + opt(version=version)
    yield "version 1: option too long", start + opt(version=1, options=b"\0\3\0\7")
    yield "version 1: no zone", header(ar=1) + asking("x.y.", 1) + opt(version=1)
    yield "version 1: axfr", header(ar=1) + asking("a.m.test.", 252) + opt(version=1)
    for size in (0, 511, 512, 4096, 65535):
        yield f"edns: size {size}", start + opt(size)
    yield "edns: do", start + opt(flags=0x8000)
    yield "edns: z", start + opt(flags=0x7FFF)
    yield "edns: no zone", header(ar=1) + asking("x.other.", 1) + opt()
    options = {
        "nsid": b"\0\3\0\0", "nsid with data": b"\0\3\0\2ab", "cookie": COOKIE,
        "cookie of 7": b"\0\x0a\0\x071234567", "cookie of 9": b"\0\x0a\0\x09123456789",
        "ecs": b"\0\x08\0\x07\0\1\x18\0\xc0\0\2", "ecs family 9": b"\0\x08\0\4\0\x09\x18\0",
        "ecs short": b"\0\x08\0\1\0", "padding": b"\0\x0c\0\5" + b"\0" * 5,
        "unknown": b"\xfd\xe9\0\2ab", "expire": b"\0\x09\0\0",
    }  # fmt: skip
    for name, octets in options.items():
        yield f"option: {name}", start + opt(options=octets)


def names():
    after = b"\0\1\0\1"
    yield "name: pointer to itself", header() + b"\xc0\x0c" + after
    yield "name: label and pointer back", header() + b"\1a\xc0\x0c" + after
    yield "name: pointer into the header", header() + b"\xc0\x04" + after
    yield "name: label and pointer into the header", header() + b"\1a\xc0\x06" + after
    yield "name: pointer forward", header() + b"\xc0\x12" + after + NAME
    yield "name: label kind 01", header() + b"\x41aaa\0" + after
    yield "name: label kind 10", header() + b"\x81aaa\0" + after
    yield "name: not ended", header() + b"\x05a"
    yield "name: no type", header() + NAME
    yield "name: half a class", header() + QUESTION[:-1]
    yield "name: 255 octets", header() + LABEL * 3 + b"\x3d" + b"b" * 61 + b"\0" + after
    yield "name: 256 octets", header() + LABEL * 3 + b"\x3e" + b"b" * 62 + b"\0" + after
    yield "name: 300 octets", header() + LABEL * 4 + b"\x2d" + b"b" * 45 + b"\0" + after
    yield "name: with nul", header() + b"\3x\0y" + asking("m.test.", 1)
    yield "name: with dot", header() + b"\3x.y" + asking("m.test.", 1)
    yield "name: upper case", header() + asking("A.M.TEST.", 1)


def classes():
    for number in (0, 2, 3, 4, 5, 254, 255, 65535):
        for qtype in (1, 16, 255):
            yield f"class {number}: type {qtype}", header() + asking("a.m.test.", qtype, number)
    yield "class 254: edns", header(ar=1) + asking("a.m.test.", 1, 254) + opt()


def chaos():
    zones = "version.bind version.server id.server hostname.bind authors.bind x.bind bind".split()
    for zone in zones:
        for qtype in (1, 16, 255):
            yield f"chaos: {zone} {qtype}", header() + asking(zone, qtype, 3)


def types():
    about = ["a.m.test.", "m.test.", "nx.m.test.", "x.del.m.test.", "x.other."]
    for qtype in (0, 41, 46, 47, 50, 103, 128, 248, 249, 250, 251, 252, 253, 254, 65535):
        for name in about:
            yield f"type {qtype}: {name}", header() + asking(name, qtype)
            yield f"type {qtype}: {name} edns", header(ar=1) + asking(name, qtype) + opt()
    yield "type 251: with soa", header(ns=1) + asking("m.test.", 251) + SOA
    yield "type 252: with soa", header(ns=1) + asking("m.test.", 252) + SOA


def signatures():
    yield "tsig: unknown key", header(ar=1) + QUESTION + TSIG
    yield "tsig: after opt", header(ar=2) + QUESTION + opt() + TSIG
    yield "tsig: before opt", header(ar=2) + QUESTION + TSIG + opt()
    yield "tsig: no zone", header(ar=1) + asking("x.other.", 1) + TSIG
    yield "tsig: twice", header(ar=2) + QUESTION + TSIG * 2
    yield "tsig: short rdata", header(ar=1) + QUESTION + record(KEY, 250, 255, b"\0\0")
    yield "tsig: class IN", header(ar=1) + QUESTION + record(KEY, 250, 1, TSIG_DATA)
    sig = b"\0\0\x08\0" + b"\0" * 14 + name_octets("k.") + b"abc"
    yield "tsig: sig(0)", header(ar=1) + QUESTION + record(b"\0", 24, 255, sig)


FAMILIES = [headers, opcodes, counts, extensions, names, classes, types, signatures]


def cases():
    yield Case("c", ZONE, queries, are_odd=True)


def queries():
    for family in FAMILIES:
        for label, octets in family():
            yield Query(octets, "udp", label)
            yield Query(octets, "tcp", label)
    # BIND limits the rate of these over UDP, and cannot be told not to.
    for label, octets in chaos():
        yield Query(octets, "tcp", label)
