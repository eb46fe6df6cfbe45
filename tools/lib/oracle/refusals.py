"""The table of zones that a server refuses to load though another takes them."""

from .message import name_octets

# RFC 4592 section 4.2 discourages NS at a wildcard, and permits it.
WILDCARD_NS = "wildcard-ns"
# RFC 6672 section 2.4 forbids records below a DNAME; BIND and Rollcall take and hide them.
DATA_BELOW_DNAME = "data-below-dname"
# RFC 6672 section 2.3 forbids NS beside a DNAME but at the apex; the others take it for a cut.
NS_BESIDE_DNAME = "ns-beside-dname"

REFUSES = {
    "nsd": {DATA_BELOW_DNAME},
    "knot": {DATA_BELOW_DNAME, NS_BESIDE_DNAME},
    "bind": {WILDCARD_NS},
}


def reason(server, case, origin):
    """Why this server refuses the zone, or None where no entry of the table covers it."""
    zone = name_octets(origin)
    found = reasons(zone, case.owners[zone]) & REFUSES[server]
    if server == "nsd" and hides_across_zones(case, zone):
        found.add(DATA_BELOW_DNAME)
    return min(found, default=None)


def hides_across_zones(case, zone):
    """Whether this zone and another have DNAME and names below it, which share one tree in NSD."""
    ours = set().union(*case.owners[zone].values())
    others = [owners for origin, owners in case.owners.items() if origin != zone]
    names = set().union(*(set().union(*owners.values()) for owners in others))
    dnames = set().union(*(owners.get("DNAME", set()) for owners in others))
    return has_below(case.owners[zone].get("DNAME", ()), names) or has_below(dnames, ours)


def has_below(tops, names):
    return any(name != top and name.endswith(top) for top in tops for name in names)


def reasons(zone, owners):
    """What of the zone, as its owners by type, some server does not take."""
    found, names = set(), set().union(*owners.values())
    if any(owner.startswith(b"\x01*") for owner in owners.get("NS", ())):
        found.add(WILDCARD_NS)
    dnames = owners.get("DNAME", set())
    if has_below(dnames, names):
        found.add(DATA_BELOW_DNAME)
    if (dnames & owners.get("NS", set())) - {zone}:
        found.add(NS_BESIDE_DNAME)
    return found
