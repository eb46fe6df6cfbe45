"""Traits of replies by which the table of disputes about answers recognises its entries."""

from .message import TYPES
from .noise import targets

NOERROR, SERVFAIL, NXDOMAIN, YXDOMAIN = 0, 2, 3, 6
CNAME, NS, SOA, DNAME, DS, ANY, NAPTR, RRSIG, NSEC, SVCB, HTTPS = (
    TYPES[name] for name in "CNAME NS SOA DNAME DS ANY NAPTR RRSIG NSEC SVCB HTTPS".split()
)
LEAST_RECORD = 12  # octets of a record without RDATA, its owner compressed
LARGEST_ADDRESS = LEAST_RECORD + 16
OUR_CHAIN = 16  # aliases that Rollcall follows


def has(records, rtype):
    return any(record[1] == rtype for record in records)


def owners(records, rtype):
    return {record[0] for record in records if record[1] == rtype}


def is_wildcard(name):
    return name.startswith(b"\x01*")


def refers_to_wildcard(d):
    """The peer refers to the servers of a wildcard that matched a name of the chain."""
    cuts = owners(d.reply.sections[1], NS) if d.reply else ()
    return any(is_wildcard(cut) and cut not in names_of_chain(d) for cut in cuts)


def aliases(records):
    return {record for record in records if record[1] in (CNAME, DNAME)}


def chooses_another_rrset(d):
    """Both answer ANY with data of the same name, or part of it, and each has chosen what."""
    if d.qtype != ANY or d.ours.rcode or d.theirs.rcode:
        return False
    if d.ours.tc or d.theirs.tc:
        return True
    ours, theirs = d.ours.answer, d.theirs.answer
    return bool(ours) and {r[0] for r in ours} == {r[0] for r in theirs} and is_one_rrset(ours)


def is_one_rrset(answer):
    """Apart from the aliases that led to it."""
    led = aliases(answer)
    return len({r[1] for r in answer - led} or {r[1] for r in led}) == 1 or has(led, DNAME)


def goes_on_after_synthesis(d):
    """ANY below a DNAME: the peer follows the CNAME that it made."""
    ours = d.ours.answer
    follows = aliases(ours) == ours <= set(d.reply.sections[0]) if d.reply else False
    return d.qtype == ANY and has(ours, DNAME) and follows


def expands_dname_owner(d):
    """The DNAME of a wildcard comes back with the name of the question or below it."""
    if not d.reply or not d.our_reply:
        return False
    ours, theirs = (owners(r.sections[0], DNAME) for r in (d.our_reply, d.reply))
    return bool(theirs - ours) and any(is_wildcard(owner) for owner in ours)


def hides_dnssec_types(d):
    """ANY at a name whose only data is DS, in a zone that is not signed."""
    return d.qtype == ANY and not d.theirs.answer and {r[1] for r in d.ours.answer} == {DS}


def follows_aliases_less_far(d):
    """The one chain of aliases is the beginning of the other."""
    if not d.reply or not d.our_reply:
        return False
    # As they came: the sections of a truncated reply are not in its form.
    theirs, ours = aliases(d.reply.sections[0]), aliases(d.our_reply.sections[0])
    return bool(theirs or d.theirs.tc) and (theirs <= ours or ours < theirs)


def has_long_chain(d):
    """Five is where Knot stops; NSD goes round once where a DNAME leads below itself."""
    if not follows_aliases_less_far(d):
        return False
    ours, theirs = aliases(d.our_reply.sections[0]), aliases(d.reply.sections[0])
    differ = ours != theirs or len(ours) > OUR_CHAIN or d.ours.rcode == YXDOMAIN
    return differ and (len(ours) >= 5 or has(ours, DNAME))


def leaves_out_addresses(d):
    """A referral with fewer addresses, and none of those that are missing are below the cut."""
    missing = d.ours.additional - d.theirs.additional
    return is_referral(d.ours) and d.theirs.additional <= d.ours.additional and not glue(d, missing)


def is_referral(form):
    return has(form.authority, NS) and not has(form.answer, NS)


def glue(d, records):
    """Those of the records that stand below the cut that either reply names."""
    cuts = owners(d.ours.authority | d.theirs.authority, NS)
    return [record for record in records for cut in cuts if record[0].endswith(cut)]


def chooses_what_fits(d):
    """Some address does not fit, and those that are missing in Rollcall's reply do not."""
    if d.fields != {"additional"}:
        return False
    sets = {}
    for record in d.theirs.additional - d.ours.additional:
        sets.setdefault(record[:2], []).append(len(record[4]) + LEAST_RECORD)
    room = d.limit - len(d.our_reply.octets)
    is_full = min(room, d.limit - len(d.reply.octets)) < LARGEST_ADDRESS or lacks_a_set(d)
    return is_full and all(sum(sizes) > room for sizes in sets.values())


def lacks_a_set(d):
    """The zones have an address of a target that Rollcall's reply does not have."""
    here = {record[:2] for record in d.ours.additional}
    wanted = {t for record in d.ours.answer | d.ours.authority for t in targets(record)}
    return any(
        (target, TYPES[rtype]) not in here
        and (d.case.has(target, rtype) or not d.case.is_owner(target))
        for target in wanted for rtype in ("A", "AAAA")
    )  # fmt: skip


def has_many_targets(d):
    """BIND looks up addresses for no RRset of more than 13 records."""
    return len(d.ours.answer) > 13 and d.theirs.additional < d.ours.additional


def cuts_for_sibling_glue(d):
    """A referral with TC=1 where Rollcall's has all that is below the cut."""
    if not d.theirs.tc or not is_referral(d.ours):
        return False
    wanted = {r[4] for r in d.ours.authority} | {r[4] for r in d.reply.sections[1] if r[1] == NS}
    missing = set(d.reply.sections[2]) - d.ours.additional
    return bool(wanted) and not glue(d, missing)


def cuts_for_glue(d):
    """A referral that Rollcall cuts, and that names a server below the cut that has addresses."""
    if not d.ours.tc or not is_referral(d.theirs):
        return False
    servers = [record for record in d.theirs.authority if record[1] == NS]
    return any(r[4].endswith(r[0]) and d.case.is_owner(r[4]) for r in servers)


def adds_nothing_at_512(d):
    return d.limit == 512 and d.ours.opt and not d.theirs.additional


def compresses_less(d):
    """The peer's reply is cut, and Rollcall's holds what is in it."""
    # Knot's DNAME of a wildcard has another owner.
    theirs = {record for record in d.reply.sections[0] if record[1] != DNAME} if d.reply else set()
    return d.theirs.tc and not d.ours.tc and theirs <= d.ours.answer


def compresses_more(d):
    """Rollcall's reply is cut where the next record would not have fitted."""
    if not d.ours.tc or d.theirs.tc:
        return False
    records = d.theirs.answer | d.theirs.authority
    largest = max((12 + len(r[4]) for r in records), default=0)
    return d.limit - len(d.our_reply.octets) < largest


def leaves_out_soa(d):
    """A negative answer without SOA, which Rollcall cuts or gives whole in less room."""
    if d.theirs.tc or d.theirs.authority:
        return False
    return d.ours.tc or (has(d.ours.authority, SOA) and d.limit - len(d.reply.octets) < 100)


def names_one_target_of_a_wildcard(d):
    """The same addresses with other owners: a wildcard gives them to several names."""
    ours, theirs = d.ours.additional - d.theirs.additional, d.theirs.additional - d.ours.additional
    is_made = bool(ours) and not any(d.case.is_owner(r[0]) for r in ours)
    return is_made and {(r[1], r[4]) for r in theirs} <= {(r[1], r[4]) for r in ours}


def has_more_than_64_targets(d):
    """So many does Rollcall look up addresses for."""
    return len(d.ours.answer) > 64 and d.ours.additional < d.theirs.additional


def follows_naptr(d):
    return has(d.ours.answer, NAPTR) and d.ours.additional < d.theirs.additional


def adds_svcb(d):
    more = d.theirs.additional - d.ours.additional
    return bool(more) and {r[1] for r in more} <= {SVCB, HTTPS}


def adds_no_svcb(d):
    more = d.ours.additional - d.theirs.additional
    return has(more, SVCB) or has(more, HTTPS)


def names_of_chain(d):
    return {d.qname} | {r[4] for r in aliases(d.ours.answer | d.theirs.answer)}


def knows_other_zones_names(d):
    """A name of the chain is in a zone of which another zone's file has names too."""
    codes = {d.ours.rcode, d.theirs.rcode}
    return codes <= {NOERROR, NXDOMAIN} and any(
        d.case.is_in_shared_child(name) for name in names_of_chain(d)
    )


def asks_another_parent(d):
    """DS of a zone's apex, where several zones above it or an alias lead to it."""
    return d.qtype == DS and len(d.case.zones) > 1 and bool(names_of_chain(d) & d.case.origins)


def adds_glue_to_answers(d):
    """Addresses at or below a cut, which are not the zone's own data."""
    more = d.theirs.additional - d.ours.additional
    return bool(more and d.ours.answer) and all(d.case.is_below_cut(r[0]) for r in more)


def makes_glue_from_wildcards(d):
    """A referral with addresses that no owner name of the zones gives."""
    more = d.theirs.additional - d.ours.additional
    is_made = bool(more) and not any(d.case.is_owner(r[0]) for r in more)
    return is_made and is_referral(d.ours)


def follows_aliases_of_targets(d):
    more = d.theirs.additional - d.ours.additional
    aimed = {target for record in d.ours.answer for target in targets(record)}
    return has(more, CNAME) or any(record[0] not in aimed for record in more)


def has_another_code_when_cut(d):
    return d.ours.tc and {d.ours.rcode, d.theirs.rcode} == {NOERROR, NXDOMAIN}


def targets_the_owner(d):
    """The target of SVCB or HTTPS is the owner, as "." or by its name."""
    differ = d.theirs.additional ^ d.ours.additional
    answer = d.ours.answer
    return {r[0] for r in differ} <= owners(answer, SVCB) | owners(answer, HTTPS)


def stops_at_the_zones_end(d):
    """The chain of aliases ends where it leaves the zone, though the next is served too."""
    if not d.reply or not d.our_reply or len(d.case.zones) < 2:
        return False
    theirs, ours = set(d.reply.sections[0]), set(d.our_reply.sections[0])
    if not theirs or aliases(theirs) != theirs or not theirs <= ours:
        return False
    made = {record[4] for record in theirs if record[1] == CNAME}
    zone = d.case.zone_of(d.qname)
    return any(d.case.zone_of(last) not in (None, zone) for last in made - owners(theirs, CNAME))


def is_not_aliased(d):
    """RRSIG and NSEC are looked for at the alias itself."""
    ours = d.ours.answer
    return d.qtype in (RRSIG, NSEC) and has(ours, CNAME) and ours > d.theirs.answer


def adds_less_to_svcb(d):
    is_svcb = has(d.ours.answer, SVCB) or has(d.ours.answer, HTTPS)
    return is_svcb and d.theirs.additional < d.ours.additional


def adds_bindings_alone(d):
    """The target's own SVCB or HTTPS records are there, its addresses are not."""
    here = {record[1] for record in d.theirs.additional}
    return adds_less_to_svcb(d) and bool(here) and here <= {SVCB, HTTPS}


def adds_nothing_to_any(d):
    return d.qtype == ANY and not d.theirs.additional


def leaves_the_asterisk(d):
    """An address that a wildcard gives has the wildcard's name."""
    return any(is_wildcard(r[0]) for r in d.theirs.additional - d.ours.additional)
