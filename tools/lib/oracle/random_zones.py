"""Source (b): seeded random zones with all features together, some with their child zones."""

import random

from .case import APEX, APEX_NS, Case, Query, absolute, ask
from .message import name_octets, query, type_number

QUERIES = 150  # of each case
HOSTS = ["a", "b", "c", "mail", "www", "x-1", "host"]
LONG = ["l" * 60, "m" * 63]
TYPES = [
    "A", "AAAA", "NS", "CNAME", "SOA", "MX", "TXT", "SRV", "DNAME", "DS", "ANY", "SVCB", "HTTPS",
    "NAPTR", "CAA", "PTR", "TYPE65280", "HINFO",
]  # fmt: skip
DIGEST = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"


def cases(seed, count):
    for number in range(count):
        rng = random.Random(f"b {seed} {number}")
        yield RandomCase(rng, f"n{number}.b.test.").case(seed)


class RandomZone:
    """One zone as it grows; names are relative to its origin."""

    def __init__(self, rng, origin):
        self.rng, self.origin = rng, origin
        self.records = {}  # owner -> list of (type, RDATA text)
        self.cuts, self.dnames = [], []

    def add(self, owner, rtype, rdata):
        """Adds a record, unless the zone would no longer be one that servers take."""
        types = {t for t, _ in self.records.get(owner, [])}
        if "CNAME" in types or (types and rtype == "CNAME"):
            return False
        if rtype == "DNAME" and "DNAME" in types:
            return False
        if owner == "@" and rtype in ("CNAME", "DS"):
            return False
        if (rtype, rdata) in self.records.get(owner, []):
            return False
        # Knot refuses a zone with records below a DNAME: a few have them all the same.
        if self.rng.random() < 0.995:
            if rtype == "DNAME" and any(is_below(name, owner) for name in self.records):
                return False
            if any(is_below(owner, dname) for dname in self.dnames):
                return False
        self.records.setdefault(owner, []).append((rtype, rdata))
        if rtype == "DNAME":
            self.dnames.append(owner)
        if rtype == "NS":
            self.cuts.append(owner)
        return True

    def some_name(self):
        """A name in the zone: often one that exists, or one below or above such a name."""
        rng = self.rng
        base = rng.choice(list(self.records) or ["@"])
        way = rng.random()
        if way < 0.35:
            return base
        label = rng.choice(HOSTS)
        if way < 0.55:
            return label
        if way < 0.75:
            return label if base == "@" else f"{label}.{base}"
        if way < 0.85:
            return "*" if base == "@" else f"*.{base}"
        if way < 0.95:
            return f"{label}.{rng.choice(HOSTS)}.{rng.choice(HOSTS)}"
        return f"{rng.choice(LONG)}.{base}" if base != "@" else rng.choice(LONG)

    def owner(self):
        while True:
            name = self.some_name()
            if len(name_octets(absolute(name, self.origin))) <= 255:
                return name

    def target(self):
        """A name for RDATA: mostly in the zone, seldom outside."""
        rng = self.rng
        if rng.random() < 0.1:
            return rng.choice(["outside.example.", "a.outside.example.", "."])
        name = self.owner().replace("*.", "w.").replace("*", "w")
        return name

    @property
    def text(self):
        lines = [APEX] + ([] if self.has_servers() else [APEX_NS])
        for owner, records in self.records.items():
            lines += [f"{owner} {rtype} {rdata}\n" for rtype, rdata in records]
        return "".join(lines)

    def has_servers(self):
        return any(rtype == "NS" for rtype, _ in self.records.get("@", []))


class RandomCase:
    """A zone, perhaps with zones below it, and the queries about all of them."""

    def __init__(self, rng, origin):
        self.rng = rng
        self.zones = [self.zone(origin)]
        for cut in self.zones[0].cuts[:]:
            if "*" not in cut and rng.random() < 0.3 and len(self.zones) < 3:
                child = absolute(cut, origin)
                if len(child) < 120 and child not in [z.origin for z in self.zones]:
                    self.zones.append(self.zone(child))

    def zone(self, origin):
        rng, zone = self.rng, RandomZone(self.rng, origin)
        if rng.random() < 0.3:
            zone.add("@", "NS", "ns1")
            zone.add("ns1", "A", "192.0.2.1")
            if rng.random() < 0.5:
                zone.add("@", "NS", "ns.outside.example.")
            zone.cuts.clear()
        features = [
            self.hosts, self.hosts, self.hosts, self.alias, self.alias, self.services,
            self.services, self.delegation, self.delegation, self.wildcard, self.redirection,
            self.unknown, self.big, self.chain, self.svcb,
        ]  # fmt: skip
        for _ in range(rng.randint(2, 16)):
            rng.choice(features)(zone)
        return zone

    def hosts(self, zone):
        owner = zone.owner()
        for _ in range(self.rng.choice([1, 1, 1, 2, 3])):
            zone.add(owner, "A", f"192.0.2.{self.rng.randint(1, 254)}")
        if self.rng.random() < 0.4:
            zone.add(owner, "AAAA", f"2001:db8::{self.rng.randint(1, 999)}")

    def alias(self, zone):
        zone.add(zone.owner(), "CNAME", zone.target())

    def chain(self, zone):
        """Aliases of aliases, sometimes in a circle."""
        names = [zone.owner() for _ in range(self.rng.randint(2, 6))]
        for one, next_one in zip(names, names[1:]):
            if "*" not in next_one:
                zone.add(one, "CNAME", next_one)
        if self.rng.random() < 0.3 and "*" not in names[0]:
            zone.add(names[-1], "CNAME", names[0])

    def services(self, zone):
        rng, owner = self.rng, zone.owner()
        for _ in range(rng.randint(1, 3)):
            rtype, before = rng.choice([("MX", "10"), ("SRV", "0 0 80"), ("PTR", "")])
            zone.add(owner, rtype, f"{before} {zone.target()}".strip())
        if rng.random() < 0.2:
            zone.add(owner, "NAPTR", f'10 10 "s" "x" "" {zone.target()}')

    def svcb(self, zone):
        rng, owner = self.rng, zone.owner()
        priority, values = rng.choice([("0", ""), ("1", "alpn=h2"), ("2", "port=8443")])
        target = "." if rng.random() < 0.2 and priority != "0" else zone.target()
        zone.add(owner, rng.choice(["SVCB", "HTTPS"]), f"{priority} {target} {values}".strip())

    def delegation(self, zone):
        """A cut, whose servers are below it, beside it, in the zone, elsewhere, or missing."""
        rng, cut = self.rng, zone.owner()
        if cut == "@" or (cut.startswith("*") and rng.random() < 0.97):
            return
        for number in range(rng.choice([1, 1, 2, 2, 3, 9])):
            way = rng.random()
            if way < 0.5:
                server = f"ns{number}.{cut}".replace("*", "w")
            elif way < 0.65 and zone.cuts:
                server = f"ns{number}.{rng.choice(zone.cuts)}".replace("*", "w")
            elif way < 0.85:
                server = zone.target()
            else:
                server = f"ns{number}.outside.example."
            if len(absolute(server, zone.origin)) > 240 or server == ".":
                continue
            zone.add(cut, "NS", server)
            if not server.endswith(".") and rng.random() < 0.75:
                zone.add(server, "A", f"192.0.2.{rng.randint(1, 254)}")
                if rng.random() < 0.4:
                    zone.add(server, "AAAA", f"2001:db8::{rng.randint(1, 999)}")
        # BIND takes DS at a server of the apex that is also a cut for DS of the apex.
        if rng.random() < 0.3 and cut in zone.cuts and cut != "ns1":
            zone.add(cut, "DS", f"{rng.randint(1, 9)} 8 2 {DIGEST}")
        if rng.random() < 0.3 and "*" not in cut:
            hidden = f"{rng.choice(HOSTS)}.{cut}"
            zone.add(hidden, rng.choice(["TXT", "CNAME"]), "hidden")

    def wildcard(self, zone):
        rng, parent = self.rng, zone.owner()
        owner = "*" if parent == "@" else f"*.{parent}"
        if len(absolute(owner, zone.origin)) > 240:
            return
        for _ in range(rng.choice([1, 1, 2])):
            rtype, rdata = rng.choice(
                [("A", "192.0.2.77"), ("CNAME", zone.target()), ("TXT", "wildcard"),
                 ("MX", f"5 {zone.target()}"), ("SRV", f"1 2 3 {zone.target()}")]
            )  # fmt: skip
            zone.add(owner, rtype, rdata)

    def redirection(self, zone):
        rng, owner = self.rng, zone.owner()
        target = zone.target() if rng.random() < 0.8 else f"{LONG[1]}.{LONG[0]}.{LONG[0]}"
        zone.add(owner, "DNAME", target)

    def unknown(self, zone):
        rng, owner = self.rng, zone.owner()
        octets = bytes(rng.randrange(256) for _ in range(rng.randint(0, 12)))
        zone.add(owner, "TYPE65280", f"\\# {len(octets)} {octets.hex()}".strip())
        if rng.random() < 0.3:
            zone.add(owner, "CAA", '0 issue "ca.example.net"')
        if rng.random() < 0.3:
            zone.add(owner, "HINFO", '"cpu" "os"')

    def big(self, zone):
        """An RRset near or past a limit of UDP."""
        rng, owner = self.rng, zone.owner()
        kind = rng.choice(["A", "AAAA", "TXT", "SRV", "MX"])
        for number in range(rng.choice([25, 28, 29, 30, 31, 45, 60, 72, 73, 74, 80])):
            rdata = {
                "A": f"198.51.100.{number}", "AAAA": f"2001:db8:1::{number:x}",
                "TXT": f'"{number:02} {"t" * rng.randint(1, 40)}"',
                "SRV": f"0 {number} 80 h{number % 5}", "MX": f"{number} h{number % 3}",
            }[kind]  # fmt: skip
            zone.add(owner, kind, rdata)
        if kind in ("SRV", "MX"):
            for number in range(4):
                zone.add(f"h{number}", "A", f"203.0.113.{number}")

    # Queries

    def case(self, seed):
        zones = {zone.origin: zone.text for zone in self.zones}
        first = self.zones[0].origin
        return Case("b", zones, lambda: self.queries(random.Random(f"queries {seed} {first}")))

    def queries(self, rng):
        return [self.query(rng) for _ in range(QUERIES)]

    def query(self, rng):
        zone = rng.choice(self.zones)
        owner = rng.choice(list(zone.records) or ["@"])
        types = [rtype for rtype, _ in zone.records.get(owner, [])]
        name, way = owner, rng.random()
        if way < 0.25:
            name = f"{rng.choice(HOSTS)}.{owner}".removesuffix(".@")
        elif way < 0.3:
            name = f"{rng.choice(HOSTS)}.{rng.choice(HOSTS)}.{owner}".removesuffix(".@")
        elif way < 0.4:
            name = owner.partition(".")[2] or "@"
        elif way < 0.45:
            name = rng.choice(HOSTS)
        elif way < 0.6 and "*" in owner:
            name = owner.replace("*", rng.choice(HOSTS), 1)
        name = absolute(name, zone.origin)
        if len(name_octets(name)) > 255:
            name = absolute(owner, zone.origin)
        qtype = rng.choice(types) if types and rng.random() < 0.4 else rng.choice(TYPES)
        if rng.random() < 0.1:
            name = "".join(rng.choice([c.upper(), c]) for c in name)
        if rng.random() < 0.05:
            size = rng.choice([0, 511, 513, 700, 1231, 4096, 65535])
            return Query(query(name, type_number(qtype), edns=size))
        return ask(rng, name, qtype)


def is_below(name, other):
    return name != other and (other == "@" or name.endswith("." + other))
