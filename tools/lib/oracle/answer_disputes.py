"""The table of disputes about answers: what a name and a type get from a zone."""

from . import answer_traits as traits
from .dispute import Dispute

SECTIONS = "answer authority additional"

TABLE = [
    Dispute(
        "wildcard-ns-is-no-cut", "knot", f"rcode aa tc {SECTIONS}", traits.refers_to_wildcard,
        theirs="takes a wildcard's NS for a delegation of each name that it matches",
        ours="answers from the wildcard as for any type: nothing exists below a synthesised name"
        " that could be delegated (so does NSD; BIND refuses the zone)",
        rfc="RFC 4592 section 4.2 leaves it undefined; 4.3.3 of RFC 1034 makes NS data",
    ),
    Dispute(
        "alias-chain-failure", "bind", f"rcode tc {SECTIONS}",
        lambda d: d.theirs.rcode == traits.SERVFAIL and traits.follows_aliases_less_far(d),
        theirs="SERVFAIL with the chain of aliases so far, after 11 of them",
        ours="NOERROR with the chain, until it comes round or to a limit of its own (so do NSD"
        " and Knot)",
        rfc="RFC 1034 section 3.6.2: to signal loops is the resolver's part",
    ),
    Dispute(
        "alias-chain-length", "nsd knot bind", f"rcode tc {SECTIONS}", traits.has_long_chain,
        theirs="Knot ends a chain after 5 aliases, NSD follows any length, and a DNAME that leads"
        " below itself once",
        ours="follows 16",
        rfc="RFC 1034 section 3.6.2 wants chains followed and names no limit",
    ),
    Dispute(
        "any-is-one-rrset", "nsd knot bind", f"tc {SECTIONS}", traits.chooses_another_rrset,
        theirs="each chooses another RRset of the name",
        ours="one RRset that the name has",
        rfc="RFC 8482 section 4.1: a subset, chosen by the server",
    ),
    Dispute(
        "any-includes-ds", "bind", "answer authority", traits.hides_dnssec_types,
        theirs="leaves DS out of ANY in an unsigned zone, and says NODATA",
        ours="DS is data of the name (so do NSD and Knot)",
        rfc="RFC 8482 section 4.1: one or more of the RRsets that are there",
    ),
    Dispute(
        "referral-addresses", "bind", "additional", traits.leaves_out_addresses,
        theirs="adds to a referral only addresses that stand below a cut",
        ours="adds what the zone has for the servers (so do NSD and Knot)",
        rfc="RFC 1034 section 4.3.2 step 3b; only glue below the cut itself is required, RFC 9471",
    ),
    Dispute(
        "child-zone-has-its-own-names", "nsd", f"rcode tc {SECTIONS}",
        traits.knows_other_zones_names,
        theirs="takes names in a child zone for existing, without data, that the parent's file has,"
        " and looks for wildcards from there",
        ours="looks in the child zone alone (so do Knot and BIND)",
        rfc="RFC 1034 section 4.3.2 step 2: the zone that is the nearest ancestor",
    ),
    Dispute(
        "ds-above-an-apex", "nsd knot bind", f"rcode aa {SECTIONS}", traits.asks_another_parent,
        theirs="NSD asks a zone above the parent, Knot and BIND the child when an alias led there",
        ours="the nearest zone above the apex",
        rfc="RFC 4035 section 3.1.4.1",
    ),
    Dispute(
        "glue-is-not-for-answers", "nsd knot", "additional", traits.adds_glue_to_answers,
        theirs="add glue to answers: NSD and Knot for NS, Knot for all types",
        ours="adds to answers what is authoritative (so does BIND)",
        rfc="RFC 1034 section 4.3.2 step 6; RFC 2181 section 5.4.1 ranks glue last",
    ),
    Dispute(
        "no-glue-from-wildcards", "nsd knot", "additional", traits.makes_glue_from_wildcards,
        theirs="add addresses from a wildcard to a referral",
        ours="names with addresses of their own alone (so does BIND)",
        rfc="RFC 9471 section 2 is about glue that is there",
    ),
    Dispute(
        "svcb-target-is-alias", "bind", "additional", traits.follows_aliases_of_targets,
        theirs="adds the aliases that the target of SVCB or HTTPS leads to",
        ours="adds no aliases (so do NSD and Knot)",
        rfc="RFC 9460 section 4.1: SHOULD is for A, AAAA and SVCB of the target",
    ),
    Dispute(
        "code-of-a-cut-chain", "nsd bind", f"rcode tc {SECTIONS}", traits.has_another_code_when_cut,
        theirs="goes on looking though the chain no longer fits, and gives the last name's code",
        ours="ends where the reply is full (so does Knot)",
        rfc="RFC 6604 section 3 is about the whole chain, which the reply does not have",
    ),
    Dispute(
        "svcb-target-is-owner", "nsd knot bind", "additional", traits.targets_the_owner,
        theirs="NSD and Knot add no addresses of the owner where the target is \".\"; BIND adds"
        " them there, and not where the owner is named",
        ours="adds them in both cases",
        rfc="RFC 9460 sections 2.5.2 and 4.1: SHOULD", against_all=True,
    ),
    Dispute(
        "aliases-across-zones", "knot bind", f"rcode tc {SECTIONS}", traits.stops_at_the_zones_end,
        theirs="end the chain where it leaves the zone",
        ours="goes on in the zone of the alias's target where it serves that (so does NSD)",
        rfc="RFC 1034 section 4.3.2 step 3a: go back to step 1, where the zone is looked for",
    ),
    Dispute(
        "rrsig-and-nsec-follow-aliases", "knot bind", f"rcode {SECTIONS}", traits.is_not_aliased,
        theirs="do not follow an alias when the type is RRSIG or NSEC",
        ours="follows it as for any type: the zone is not signed (so does NSD)",
        rfc="RFC 1034 section 4.3.2 step 3a",
    ),
    Dispute(
        "svcb-target-with-bindings", "bind", "additional", traits.adds_bindings_alone,
        theirs="adds no addresses of a target that has SVCB or HTTPS records of its own",
        ours="adds both (so does Knot)",
        rfc="RFC 9460 section 4.1: SHOULD return A, AAAA and SVCB",
    ),
    Dispute(
        "svcb-addresses", "nsd", "additional", traits.adds_less_to_svcb,
        theirs="adds no addresses to SVCB and HTTPS, which it does not know that well",
        ours="adds the target's addresses (so do Knot and BIND)",
        rfc="RFC 9460 section 4.1: SHOULD",
    ),
    Dispute(
        "any-addresses", "bind", "additional", traits.adds_nothing_to_any,
        theirs="adds no addresses to the answer to ANY",
        ours="adds what it adds for the type that it has chosen (so do NSD and Knot)",
        rfc="RFC 1034 section 4.3.2 step 6: may be useful",
    ),
    Dispute(
        "no-asterisk-in-additional", "knot", "additional", traits.leaves_the_asterisk,
        theirs="adds addresses from a wildcard with the wildcard's own name",
        ours="adds them with the target's name (so do NSD and BIND)",
        rfc="RFC 4592 section 3.3.3: the owner is QNAME; the same must hold for a target",
    ),
    Dispute(
        "any-stops-at-dname", "nsd knot", f"rcode tc {SECTIONS}", traits.goes_on_after_synthesis,
        theirs="follow the CNAME synthesised from a DNAME when the type is ANY",
        ours="stops there, as at a CNAME of the zone (so does BIND)",
        rfc="RFC 1034 section 3.6.2: a query that matches the CNAME is not restarted",
    ),
    Dispute(
        "full-reply", "nsd knot bind", "additional", traits.chooses_what_fits,
        theirs="another choice of the addresses that still fit; NSD and BIND leave out some that"
        " are below the cut for others that are not, and all stop at a set that does not fit",
        ours="first what is below the cut, then every set that fits",
        rfc="RFC 2181 section 9: whole sets are left out without TC", against_all=True,
    ),
    Dispute(
        "addresses-of-many-targets", "bind", "additional", traits.has_many_targets,
        theirs="adds no addresses to an RRset of more than 13 records",
        ours="adds what fits (so do NSD and Knot)",
        rfc="RFC 1034 section 4.3.2 step 6: may be useful",
    ),
    Dispute(
        "sibling-glue-is-no-reason-for-tc", "knot", "tc authority additional",
        traits.cuts_for_sibling_glue,
        theirs="sets TC when an address beside the cut does not fit",
        ours="leaves it out without TC (so do NSD and BIND)",
        rfc="RFC 9471 section 2.2: only glue of in-domain servers makes a reply truncated",
    ),
    Dispute(
        "missing-glue-is-tc", "nsd bind", f"tc {SECTIONS}", traits.cuts_for_glue,
        theirs="leave out addresses below the cut without TC",
        ours="sets TC (so does Knot)",
        rfc="RFC 9471 section 2.1: MUST set TC",
    ),
    Dispute(
        "addresses-at-512", "bind", "additional", traits.adds_nothing_at_512,
        theirs="adds no addresses where EDNS announces 512 octets or less",
        ours="adds what fits (so do NSD and Knot)",
        rfc="RFC 1034 section 4.3.2 step 6: may be useful", against_all=True,
    ),
    Dispute(
        "larger-reply-is-cut", "nsd knot bind", f"rcode tc {SECTIONS}", traits.compresses_less,
        theirs="compresses less, and cuts what Rollcall sends whole",
        ours="all of it",
        rfc="RFC 1035 section 4.1.4: compression is free", against_all=True,
    ),
    Dispute(
        "smaller-reply-is-whole", "bind", f"tc {SECTIONS}", traits.compresses_more,
        theirs="compresses the CNAME of a DNAME by the DNAME's RDATA, and so needs no TC",
        ours="compresses like NSD and Knot",
        rfc="RFC 1035 section 4.1.4: compression is free",
    ),
    Dispute(
        "soa-that-does-not-fit", "knot", f"tc {SECTIONS}", traits.leaves_out_soa,
        theirs="leaves a SOA that does not fit out of a negative answer, without TC",
        ours="makes room by compression, or sets TC",
        rfc="RFC 2308 section 3: the SOA MUST be there",
    ),
    Dispute(
        "wildcard-targets", "nsd", "additional", traits.names_one_target_of_a_wildcard,
        theirs="adds the addresses of a wildcard once, and not always with the target's name",
        ours="adds them for each target (so do Knot and BIND)",
        rfc="RFC 4592 section 2.2: each name has the records",
    ),
    Dispute(
        "sixty-four-targets", "nsd knot bind", "additional", traits.has_more_than_64_targets,
        theirs="add the addresses of any number of targets that fit",
        ours="those of the first 64, so that one query is not thousands",
        rfc="RFC 1034 section 4.3.2 step 6: may be useful", against_all=True,
    ),
    Dispute(
        "naptr-replacements", "bind", "additional", traits.follows_naptr,
        theirs="adds the SRV and address records of NAPTR replacements",
        ours="adds none (so do NSD and Knot)",
        rfc="RFC 3403 section 4.1 says nothing of additional data",
    ),
    Dispute(
        "svcb-of-owner-beside-svcb", "knot", "additional", traits.adds_svcb,
        theirs="adds the SVCB or HTTPS records again where the owner is a target",
        ours="they are in the answer",
        rfc="RFC 2181 section 5: a record is in a reply once",
    ),
    Dispute(
        "svcb-beside-svcb", "nsd bind", "additional", traits.adds_no_svcb,
        theirs="add no SVCB or HTTPS records of the target",
        ours="adds them beside the addresses (so does Knot)",
        rfc="RFC 9460 section 4.1: SHOULD",
    ),
    Dispute(
        "wildcard-dname-keeps-its-owner", "knot", f"rcode tc {SECTIONS}",
        traits.expands_dname_owner,
        theirs="gives the DNAME of a wildcard with an owner made from the question",
        ours="gives it as it stands in the zone, for names below the literal asterisk (so do NSD"
        " and BIND)",
        rfc="RFC 4592 section 4.4: no synthesis from a wildcard's DNAME",
    ),
]  # fmt: skip
