"""Source (c), first half: zones written by hand around what servers are known to disagree on."""

import itertools

from . import message
from .case import APEX, APEX_NS, Case, Query, absolute

EVERYTHING = """
a A 192.0.2.1
a A 192.0.2.2
a TXT "t"
a MX 10 a
* CNAME b
w1 A 192.0.2.1
*.w2 MX 10 a
*.w2 TXT "w"
*.w4 DNAME other
d DNAME other
d TXT "beside"
x.other A 192.0.2.7
l1 CNAME l2
l2 CNAME l1
l3 CNAME l3
*.l4 CNAME x.l4
c1 CNAME a
c2 CNAME c1
co CNAME far.example.
cn CNAME nx.w1
cd CNAME y.d
cdel CNAME h.del
cp CNAME a.q.test.
del NS ns.del
del NS ns.far.example.
del NS ns.del2
del DS 1 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
ns.del A 192.0.2.3
ns.del AAAA 2001:db8::3
ns.del2 A 192.0.2.4
del2 NS ns.del
h.del A 192.0.2.99
mxd MX 10 h.del
mxc MX 10 c1
mxw MX 10 foo.w2
mxa MX 10 w1
srv SRV 0 0 1 a
nsx NS w1
svcb SVCB 1 a alpn=h2
https HTTPS 1 . alpn=h2
https A 192.0.2.5
https2 HTTPS 1 w1
httpsalias HTTPS 0 w1
naptr NAPTR 10 10 "s" "x" "" w1
e.n.t TXT "ent"
unk TYPE65280 \\# 3 010203
child NS ns.child
ns.child A 192.0.2.66
below.child TXT "occluded"
"""

NAMES = (
    "@ a nope w1 nx.w1 x.w2 y.x.w2 x.w4 y.x.w4 *.w4 y.*.w4 d x.d y.d l1 l2 l3 q.l4 x.l4 c1 c2 co"
    " cn cd cdel cp del h.del ns.del del2 x.del2 mxd mxc mxw mxa srv nsx x.nsx svcb https https2"
    " httpsalias naptr t n.t e.n.t x.n.t unk child x.child nx.child below.child ns.child *"
).split()
TYPES = (
    "A AAAA NS CNAME SOA MX TXT DS ANY DNAME RRSIG NSEC SRV SVCB HTTPS TYPE65280 NAPTR"
    " HINFO DNSKEY"
).split()

# Zones of their own, because one server or another refuses them or because they are served
# together; with the names that are asked about.
OTHERS = [
    ({"pw.test.": "*.w3 NS ns.far.example.\n*.w5 NS ns.x.w5\nns.x.w5 A 192.0.2.1\n"},
     "x.w3 y.x.w3 *.w3 z.*.w3 w3 q.w5 r.q.w5 ns.x.w5"),
    ({"dloop.test.": "@ DNAME x.dloop.test.\n"}, "@ x y.x z.y.x"),
    ({"long.test.": f"d DNAME {'l' * 63}.{'m' * 63}.{'n' * 63}.example.\n"},
     f"d x.d {'y' * 40}.d {'y' * 41}.d {'y' * 50}.d {'y' * 63}.d x.{'y' * 63}.d"),
    ({"glue.test.": "".join(
        f"del NS ns{n}.del\nns{n}.del A 192.0.2.{n}\nns{n}.del AAAA 2001:db8::{n}\n"
        for n in range(1, 14)) + "".join(
        f"few NS n{n}.few\nn{n}.few A 192.0.2.{n}\nfew NS n{n}.other\nn{n}.other A 192.0.2.{n}\n"
        for n in range(1, 10)) + "other NS ns.far.example.\n"}, "del x.del few x.few"),
    ({"chain.test.": "".join(f"c{n} CNAME c{n + 1}\n" for n in range(30)) + "c30 A 192.0.2.1\n"},
     " ".join(f"c{n}" for n in range(8, 31))),
    ({"big.test.": "".join(
        f"a A 198.51.100.{n}\nb TXT {'b' * 200}{n}\nm MX {n} h{n}\nh{n} A 192.0.2.{n}\n"
        for n in range(40)) + "c CNAME a\nd MX 0 a\n"}, "a b m c d"),
]  # fmt: skip


def cases():
    family = {
        "p.test.": EVERYTHING,
        "child.p.test.": "@ A 192.0.2.8\nx A 192.0.2.9\n",
        "q.test.": "a A 192.0.2.10\nb CNAME a.p.test.\nc CNAME nx.w1.p.test.\n",
        "mxx.test.": "m MX 10 a.q.test.\ns SRV 0 0 1 a.q.test.\nn NS a.q.test.\n",
        "dapex.test.": "@ DNAME q.test.\n@ TXT x\n@ MX 0 a.q.test.\n",
    }
    names = [absolute(name, "p.test.") for name in NAMES]
    names += "b.q.test. c.q.test. x.q.test. m.mxx.test. s.mxx.test. x.n.mxx.test.".split()
    names += "dapex.test. a.dapex.test. b.dapex.test. x.dapex.test. c.x.dapex.test.".split()
    names += ["test.", ".", "far.example.", "Child.P.tEsT."]
    yield case(family, names)
    for zones, asked in OTHERS:
        origin = next(iter(zones))
        yield case(zones, [absolute(name, origin) for name in asked.split()])


def case(zones, names):
    texts = {origin: APEX + APEX_NS + text.lstrip() for origin, text in zones.items()}
    return Case("c", texts, lambda: list(queries(names)))


def queries(names):
    ways = [("udp", None), ("udp", 512), ("udp", 1232), ("tcp", None)]
    for name, qtype, (transport, edns) in itertools.product(names, TYPES, ways):
        octets = message.query(name, message.type_number(qtype), edns=edns)
        yield Query(octets, transport)
