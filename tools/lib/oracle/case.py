"""Cases: zones that are served together, and the queries about them."""

import dataclasses
import functools
import re
import typing

from . import message

# The names outside are served by nobody.
APEX = "$TTL 3600\n@ SOA ns.outside.example. host.outside.example. 1 7200 900 86400 300\n"
APEX_NS = "@ NS ns.outside.example.\n"


RECORD = re.compile(r"^(\S+) ([A-Z]\S*) ", re.MULTILINE)


def absolute(name, origin):
    """A name of a zone file, without its relation to the origin."""
    if name.endswith("."):
        return name
    return origin if name == "@" else f"{name}.{origin}"


class Query(typing.NamedTuple):
    """One query: its octets after the ID, and how it travels."""

    octets: bytes
    transport: str = "udp"  # or "tcp"
    label: str = ""  # what is special about it, where name, type and OPT do not say it

    @property
    def question(self):
        """(name in lower case, type, class), or None where they can't be read."""
        try:
            name, at = message.read_name(b"\0\0" + self.octets, 12)
        except (IndexError, message.Unreadable):
            return None
        rest = self.octets[at - 2 : at + 2]
        if len(rest) < 4:
            return None
        return name, int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:], "big")

    def __str__(self):
        if self.label:
            return f"[{self.label}] over {self.transport.upper()}: {self.octets.hex()}"
        name, qtype, _ = self.question
        edns = f"EDNS {message.edns_size(self.octets)}" if self.octets[9] else "no EDNS"
        return (
            f"{message.name_text(name)} {message.type_name(qtype)}"
            f" ({self.transport.upper()}, {edns})"
        )


@dataclasses.dataclass
class Case:
    """Some zones by origin (absolute, with final dot), and what is asked about them."""

    source: str  # "a", "b" or "c"
    zones: dict
    queries: typing.Callable  # () -> list of Query
    # Of malformed messages, where silence may be the reply: asked one by one.
    are_odd: bool = False

    @functools.cached_property
    def origins(self):
        return {message.name_octets(origin) for origin in self.zones}

    def zone_of(self, name):
        """The longest of the origins that the name is at or below."""
        found = [o for o in self.origins if name == o or name.endswith(o)]
        return max(found, key=len, default=None)

    @functools.cached_property
    def owners(self):
        """The absolute owner names of each zone's file by type: origin -> type -> names."""
        found = {}
        for origin, text in self.zones.items():
            types = found[message.name_octets(origin)] = {}
            for owner, rtype in RECORD.findall(text):
                name = absolute(owner, origin).lower()
                types.setdefault(rtype, set()).add(message.name_octets(name))
        return found

    def is_below_cut(self, name):
        """Whether the name is at or below a delegation, though its zone may be served too."""
        return any(
            name.endswith(cut)
            for zone, types in self.owners.items() for cut in types.get("NS", set()) - {zone}
        )  # fmt: skip

    def has(self, name, rtype):
        return any(name in types.get(rtype, ()) for types in self.owners.values())

    def is_owner(self, name):
        return any(name in names for types in self.owners.values() for names in types.values())

    def is_in_shared_child(self, name):
        """Whether the name is in a zone below whose apex another zone's file has names too."""
        zone = self.zone_of(name)
        return zone is not None and self.has_below_in_other_file(zone, zone)

    def has_below_in_other_file(self, zone, name):
        """Whether the file of another zone has a name below this one."""
        return any(
            owner != name and owner.endswith(name)
            for other, types in self.owners.items() if other not in (None, zone)
            for names in types.values() for owner in names
        )  # fmt: skip

    @property
    def text(self):
        return "\n".join(f"; zone {origin}\n{text}" for origin, text in self.zones.items())


def ask(rng, name, qtype):
    """A query as a resolver could send it: over UDP with and without EDNS, or over TCP."""
    way = rng.random()
    flags = 0x0100 if rng.random() < 0.2 else 0
    edns = None if way < 0.45 else 1232 if way < 0.9 else rng.choice([None, 1232])
    octets = message.query(name, message.type_number(qtype), flags=flags, edns=edns)
    return Query(octets, "tcp" if way >= 0.9 else "udp")
