"""Verdicts: the four replies to one query, compared.

What Rollcall alone says is a bug. What the three others do not agree on is a dispute, and the
tables must have an entry for every server that does not say what Rollcall says; where they have
none, the query is undecided.
"""

import dataclasses
import functools

from . import answer_disputes, message, message_disputes, noise
from .dispute import explain
from .message import RCODES, name_text, type_name
from .servers import PEERS, UDP_SIZE

DISPUTES = message_disputes.TABLE + answer_disputes.TABLE
NAMES = [peer.name for peer in PEERS] + ["rollcall"]


@dataclasses.dataclass
class Difference:
    """A peer's reply beside Rollcall's, as the entries of the table look at it."""

    case: object
    query: object
    peer: str
    theirs: noise.Form
    ours: noise.Form
    reply: object  # the peer's reply as it was, or None
    our_reply: object

    @functools.cached_property
    def fields(self):
        return self.ours.differing(self.theirs)

    @functools.cached_property
    def question(self):
        return self.query.question or (None, None, None)

    @property
    def limit(self):
        """Octets that the replies may have."""
        if self.query.transport == "tcp":
            return 65535
        size = message.edns_size(self.query.octets) if self.query.octets[9] else 0
        return min(max(size, 512), UDP_SIZE)

    @property
    def qname(self):
        return self.question[0]

    @property
    def qtype(self):
        return self.question[1]


@dataclasses.dataclass
class Example:
    """A query whose outcome must be printed."""

    case_text: str
    query: str
    replies: list  # the octets of each server's reply, in the order of NAMES

    @property
    def size(self):
        return len(self.case_text) + len(self.query)


class Verdicts:
    """Counts of outcomes, and one smallest example of each class of those that matter."""

    def __init__(self):
        self.asked = {}  # by source
        self.agreed = {}
        self.disputes = {}  # by entry
        self.bugs = {}  # by class: [count, example]
        self.undecided = {}

    def add(self, other):
        for mine, more in ((self.asked, other.asked), (self.agreed, other.agreed)):
            for key, count in more.items():
                mine[key] = mine.get(key, 0) + count
        for key, (count, example) in other.disputes.items():
            note(self.disputes, key, example, count)
        for key, (count, example) in other.bugs.items():
            note(self.bugs, key, example, count)
        for key, (count, example) in other.undecided.items():
            note(self.undecided, key, example, count)

    def judge(self, case, query, replies, present):
        """Compares four replies; `present` tells which servers have the case's zones."""
        count(self.asked, case.source)
        if len({octets[2:] for octets in replies if octets is not None}) == 1 and all(replies):
            reply = noise.read(replies[-1])
            self.note_faults(case, query, reply, replies, [])
            count(self.agreed, case.source)
            return
        read = [noise.read(octets) for octets in replies]
        forms = [noise.form(o, r, query, case.origins) for o, r in zip(replies, read)]
        self.note_faults(case, query, read[-1], replies, read[:-1])
        peers = [i for i in range(len(PEERS)) if present[i]]
        if not peers or not present[-1]:
            return
        different = [
            Difference(case, query, NAMES[i], forms[i], forms[-1], read[i], read[-1])
            for i in peers if forms[i] != forms[-1]
        ]  # fmt: skip
        if not different:
            count(self.agreed, case.source)
            return
        # Where a peer refuses the zone, the others' agreement is not that of all three.
        stands_alone = len(different) == len(PEERS) and len({forms[i] for i in peers}) == 1
        self.decide(different, stands_alone, Example(case.text, str(query), replies))

    def decide(self, different, stands_alone, example):
        used, unexplained = set(), []
        for difference in different:
            entries = explain(DISPUTES, difference, against_all=stands_alone)
            if entries is None:
                unexplained.append(difference)
            else:
                used.update(entry.name for entry in entries)
        if not unexplained:
            for name in used:
                note(self.disputes, name, example)
        elif stands_alone:
            note(self.bugs, class_of(different[0], None), example)
        else:
            for difference in unexplained:
                note(self.undecided, class_of(difference, difference.peer), example)

    def note_faults(self, case, query, reply, replies, others):
        """What is wrong with Rollcall's reply whatever the others say."""
        example = Example(case.text, str(query), replies)
        for fault in reply.faults if reply else ():
            note(self.bugs, f"Rollcall's reply has {fault}", example)
        # The same records in the same sections: then the smaller reply is better compressed.
        for name, other in zip(NAMES, others):
            if reply and other and name != "bind" and not reply.tc and not other.tc:
                same = len(reply.question) == len(other.question) and all(
                    set(x) == set(y) for x, y in zip(reply.sections, other.sections)
                )
                if same and bare_size(reply) > bare_size(other):
                    note(self.bugs, f"Rollcall's reply is larger than that of {name}", example)


def bare_size(reply):
    """Octets without the OPT records, whose options are each server's own."""
    return len(reply.octets) - sum(11 + len(opt[4]) for opt in reply.opts)


def count(counts, key):
    counts[key] = counts.get(key, 0) + 1


def note(classes, key, example, number=1):
    """Adds to a class, and keeps its smallest example."""
    if key not in classes:
        classes[key] = [number, example]
        return
    classes[key][0] += number
    if example.size < classes[key][1].size:
        classes[key][1] = example


def class_of(difference, peer):
    """What similar differences have in common, as a line of text."""
    ours, theirs = difference.ours, difference.theirs
    said = f"{code(ours)} for {code(theirs)}" if ours.rcode != theirs.rcode else code(ours)
    kind = "" if difference.qtype is None else type_name(difference.qtype)
    kind = kind if kind in ("ANY", "DS", "CNAME") else "other types"
    label = difference.query.label.partition(":")[0] or kind
    fields = ", ".join(field for field in ours._fields if field in difference.fields)
    against = f" (from {peer})" if peer else ""
    return f"{difference.case.source}: {label}: {said}; differs in {fields}{against}"


def code(form):
    return {-1: "no reply", -2: "unreadable"}.get(form.rcode) or RCODES.get(
        form.rcode, f"RCODE {form.rcode}"
    )


def record_text(record):
    owner, rtype, _, ttl, rdata = record
    return f"{name_text(owner)} {ttl} {type_name(rtype)} {rdata.hex()}"
