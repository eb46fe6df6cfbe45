"""The table of disputes about messages: headers, EDNS, meta types, malformed queries.

Most are recognised by the kind of the message, which is the label's part before the colon in
`written_messages`, and by the codes of the two replies.
"""

from .dispute import Dispute

NO_REPLY, NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, NOTAUTH = -1, 0, 1, 3, 4, 5, 9
BADVERS, BADCOOKIE = 16, 23
CD, RD = 0x0010, 0x0100
ALL = "rcode aa flags question answer authority additional opt"


def kind(d):
    return d.query.label.partition(":")[0]


def is_kind(*names):
    return lambda d: kind(d).split(" ")[0] in names


def codes(ours, *theirs):
    return lambda d: d.ours.rcode == ours and d.theirs.rcode in theirs


def both(*conditions):
    return lambda d: all(condition(d) for condition in conditions)


def is_labelled(*labels):
    return lambda d: d.query.label in labels


def differs_only_in(bits):
    return lambda d: (d.ours.flags ^ d.theirs.flags) & ~bits == 0


def qtype_is(*types):
    return lambda d: d.qtype in types


def qclass_is(*classes):
    return lambda d: d.question[2] in classes


MALFORMED = is_kind("header", "counts", "records", "opt", "name", "tsig", "option")

TABLE = [
    Dispute(
        "no-reply-to-malformed", "nsd knot bind", ALL,
        both(is_kind("header", "counts", "name", "opcode"), codes(FORMERR, NO_REPLY)),
        theirs="Knot does not reply to a question that can't be read, NSD not to less than a"
        " question over TCP, BIND not to a pointer into the header over UDP",
        ours="FORMERR, with what can be read of the header",
        rfc="RFC 1035 section 4.1.1: format error",
    ),
    Dispute(
        "pointer-into-the-header", "bind", "rcode question",
        both(is_kind("name"), codes(FORMERR, REFUSED)),
        theirs="follows a compression pointer of the question into the header",
        ours="FORMERR (so does NSD)",
        rfc="RFC 1035 section 4.1.4: a pointer is to a prior occurrence of a name",
    ),
    Dispute(
        "no-reply-to-bare-header", "nsd", ALL, both(is_kind("opcode"), codes(NOTIMP, NO_REPLY)),
        theirs="no reply over TCP to a message without a question",
        ours="NOTIMP: the opcode is looked at first",
        rfc="RFC 1035 section 4.1.1: not implemented is about the kind of query",
    ),
    Dispute(
        "question-in-error-reply", "nsd bind", "question",
        lambda d: d.ours.rcode != NOERROR and d.theirs.question == "none",
        theirs="NSD leaves the question out of most errors, BIND out of NOTIMP",
        ours="the question comes back where it can be read (so does Knot)",
        rfc="RFC 1035 section 7.3: the question section is for matching",
    ),
    Dispute(
        "opt-in-error-reply", "nsd", "opt",
        lambda d: d.ours.rcode != NOERROR and d.ours.opt and not d.theirs.opt,
        theirs="no OPT beside NOTIMP and errors of NOTIFY",
        ours="an OPT, as one came (so do Knot and BIND)",
        rfc="RFC 6891 section 6.1.1: MUST",
    ),
    Dispute(
        "cd-is-not-echoed", "bind", "flags", differs_only_in(CD),
        theirs="copies CD",
        ours="clears it (so do NSD and Knot)",
        rfc="RFC 4035 section 3.1.6: SHOULD clear",
    ),
    Dispute(
        "rd-and-cd-in-notimp", "nsd bind", "flags",
        both(is_kind("opcode"), differs_only_in(CD | RD)),
        theirs="beside an unknown opcode NSD copies CD, BIND clears RD",
        ours="copies RD and clears CD as in each reply (so does Knot)",
        rfc="RFC 1035 section 4.1.1: RD is copied",
    ),
    Dispute(
        "rcode-in-query", "nsd", ALL, both(is_kind("header"), codes(NOERROR, FORMERR)),
        theirs="FORMERR when the query's RCODE is not 0",
        ours="does not look at it (so do Knot and BIND)",
        rfc="RFC 1035 section 4.1.1: set as part of responses",
    ),
    Dispute(
        "notify-is-not-implemented", "nsd knot bind", ALL,
        both(is_labelled(
            "opcode 4:", "opcode 4: rd cd", "opcode 4: edns", "opcode 4: no question",
            "opcode 4: an apex", "opcode 4: edns version 1"),
            codes(NOTIMP, NOERROR, FORMERR, NXDOMAIN, REFUSED, NOTAUTH, BADVERS)),
        theirs="know NOTIFY and have each another reason to refuse it",
        ours="NOTIMP, before anything else is looked at: no secondary zones here",
        rfc="RFC 1996 section 3.8 and RFC 1035 section 4.1.1", against_all=True,
    ),
    Dispute(
        "update-is-not-implemented", "nsd knot bind", ALL,
        lambda d: kind(d) == "opcode 5" and d.ours.rcode == NOTIMP,
        theirs="Knot and BIND know UPDATE and refuse it",
        ours="NOTIMP (so does NSD)",
        rfc="RFC 2136 section 2.2: NOTIMP",
    ),
    Dispute(
        "no-question", "nsd", ALL, both(is_kind("counts"), codes(FORMERR, NOERROR)),
        theirs="NOERROR to a query with OPT and no question",
        ours="FORMERR (so do Knot and BIND)",
        rfc="RFC 9619 section 4 allows none only with a cookie (RFC 7873 section 5.4)",
    ),
    Dispute(
        "question-for-a-cookie", "knot bind", "rcode opt",
        both(is_labelled("counts: no question cookie"), codes(NOERROR, FORMERR)),
        theirs="FORMERR to a query for a cookie alone",
        ours="a cookie (so does NSD)",
        rfc="RFC 7873 section 5.4",
    ),
    Dispute(
        "cookie-before-answer", "knot", ALL, codes(NOERROR, BADCOOKIE),
        theirs="BADCOOKIE to a client's first cookie, as its module is made",
        ours="an answer with a cookie (so do NSD and BIND)",
        rfc="RFC 7873 section 5.2.3: the server chooses",
    ),
    Dispute(
        "records-in-query", "nsd knot bind", ALL,
        both(is_kind("records", "tsig"), lambda d: {d.ours.rcode, d.theirs.rcode} == {0, 1}),
        theirs="NSD: FORMERR where records come with the question, Knot and BIND read over them",
        ours="reads over them, but FORMERR where they stand before the OPT or out of place",
        rfc="RFC 1034 section 4.3 says nothing",
    ),
    Dispute(
        "trailing-octets", "knot", ALL, both(is_kind("trailing", "large"), codes(NOERROR, FORMERR)),
        theirs="FORMERR when octets follow the last record",
        ours="does not look at them (so do NSD and BIND)",
        rfc="RFC 1035 section 4.1 says nothing",
    ),
    Dispute(
        "meta-types", "bind", ALL,
        both(qtype_is(41, 128, 248, 249, 250), lambda d: d.theirs.rcode == FORMERR),
        theirs="FORMERR to types that no zone can hold",
        ours="answers like for any other type (so do NSD and Knot)",
        rfc="RFC 6895 section 3.1 gives them no answer",
    ),
    Dispute(
        "type-0", "knot", ALL, both(qtype_is(0), lambda d: d.theirs.rcode == NOTIMP),
        theirs="NOTIMP to type 0",
        ours="answers like for any other type (so do NSD and BIND)",
        rfc="RFC 6895 section 3.1: reserved",
    ),
    Dispute(
        "mail-types", "nsd knot bind", ALL, qtype_is(253, 254),
        theirs="some answer MAILA and MAILB like any other type",
        ours="NOTIMP",
        rfc="RFC 1035 section 3.2.3: obsolete",
    ),
    Dispute(
        "transfer-over-udp", "nsd knot bind", ALL,
        lambda d: d.qtype in (251, 252) and d.ours.rcode in (REFUSED, NOTAUTH, FORMERR)
        and d.theirs.rcode in (NOERROR, FORMERR, NOTIMP, REFUSED, NOTAUTH),
        theirs="AXFR over UDP is NOTIMP at NSD and Knot, FORMERR at BIND; transfers are allowed,"
        " refused or unknown by configuration",
        ours="REFUSED at an apex, else NOTAUTH",
        rfc="RFC 5936 sections 2.2.1 and 4.2",
    ),
    Dispute(
        "question-beside-refused-class", "nsd", "question", is_kind("class"),
        theirs="leaves the question out",
        ours="it comes back (so do Knot and BIND)",
        rfc="RFC 1035 section 7.3",
    ),
    Dispute(
        "unknown-class", "bind", "rcode", both(is_kind("class"), codes(REFUSED, FORMERR, NOTIMP)),
        theirs="NOTIMP to classes that it does not know, FORMERR to 0 and NONE",
        ours="REFUSED (so do NSD and Knot)",
        rfc="RFC 1035 section 4.1.1: REFUSED is for reasons of policy",
    ),
    Dispute(
        "class-any", "nsd knot bind", ALL, both(qclass_is(255), lambda d: d.ours.rcode == REFUSED),
        theirs="NSD and Knot answer from class IN, BIND says FORMERR",
        ours="REFUSED: there is one class, and a client that wants it can name it",
        rfc="RFC 1035 section 3.2.5; an answer would not be authoritative",
    ),
    Dispute(
        "chaos-names", "nsd knot bind", ALL, qclass_is(3),
        theirs="each knows other names, of other types",
        ours="version.bind and its like for TXT and ANY, else REFUSED",
        rfc="RFC 4892 section 2; the names are a convention",
    ),
    Dispute(
        "malformed-options", "nsd knot bind", ALL,
        both(is_kind("option"), lambda d: {d.ours.rcode, d.theirs.rcode} == {0, 1}),
        theirs="BIND checks cookies and client subnets, NSD and Knot check cookies or nothing",
        ours="checks cookies, and ignores what it does not know",
        rfc="RFC 7873 section 5.2.2; RFC 6891 section 6.1.2",
    ),
    Dispute(
        "options-in-reply", "nsd knot bind", "opt", is_kind("option"),
        theirs="Knot answers EXPIRE, BIND returns a client subnet",
        ours="NSID and cookies alone",
        rfc="RFC 7314 section 3 and RFC 7871 section 7.2.1 leave it to the server",
    ),
    Dispute(
        "version-before-options", "nsd knot bind", ALL,
        both(is_kind("version"), lambda d: {d.ours.rcode, d.theirs.rcode} == {FORMERR, BADVERS}),
        theirs="NSD looks at the version first, Knot and BIND at the options",
        ours="one of the two",
        rfc="RFC 6891 section 6.1.3: what another version's options look like is not known",
    ),
    Dispute(
        "tsig-in-error", "nsd knot bind", "rcode additional opt question", is_kind("tsig"),
        theirs="Knot looks at the zone before the key",
        ours="NOTAUTH with BADKEY (so do NSD and BIND)",
        rfc="RFC 8945 section 5.2.1",
    ),
]  # fmt: skip
