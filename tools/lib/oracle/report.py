"""What a run prints: classes of bugs and undecided queries with an example, then the summary."""

import dns.flags
import dns.rdata

from .message import RCODES, Reply, Unreadable, name_text, type_name
from .verdict import DISPUTES, NAMES

EXAMPLES = 40  # classes that are printed with their example; the others in one line
WIDTH = 160
SOURCES = {"a": "(a) small zones", "b": "(b) random zones", "c": "(c) written zones and messages"}


def record_text(record):
    owner, rtype, rclass, ttl, rdata = record
    try:
        text = dns.rdata.from_wire(rclass, rtype, rdata, 0, len(rdata)).to_text()
    except Exception:  # dnspython reads no RDATA of zero length, for instance
        text = f"\\# {len(rdata)} {rdata.hex()}"
    return f"{name_text(owner)} {ttl} {type_name(rtype)} {text}"


def reply_text(octets):
    """A reply, one record a line."""
    if octets is None:
        return ["no reply"]
    try:
        reply = Reply(octets)
    except Unreadable as error:
        return [f"{error}: {octets.hex()}"]
    lines = [f"{RCODES.get(reply.rcode, reply.rcode)} {dns.flags.to_text(reply.flags & 0xFFF0)}"]
    lines[0] += f" ({len(octets)} octets)" + ("" if reply.question else " no question")
    for title, section in zip(("answer", "authority", "additional"), reply.sections):
        lines += [f"{title:10} {record_text(record)}" for record in section]
    for _, _, size, ttl, rdata in reply.opts:
        lines.append(f"OPT        size {size} flags {ttl:08x} {rdata.hex()}".rstrip())
    return lines


def example_text(example, limit=60):
    """The zones, the query and the replies, equal replies together."""
    lines = [f"    query: {example.query}"]
    groups = {}
    for name, octets in zip(NAMES, example.replies):
        groups.setdefault("\n".join(reply_text(octets)), []).append(name)
    for text, names in groups.items():
        reply = text.split("\n")
        more = len(reply) - limit
        lines.append(f"    {', '.join(names)}:")
        lines += [f"      {line[:WIDTH]}" for line in reply[:limit]]
        lines += [f"      (and {more} lines more)"] if more > 0 else []
    zone = example.case_text.strip().split("\n")
    lines += [f"    | {line}" for line in zone[: 3 * limit]]
    lines += [f"    | (and {len(zone) - 3 * limit} lines more)"] if len(zone) > 3 * limit else []
    return "\n".join(lines)


def classes_text(title, classes):
    """The classes, most frequent first."""
    lines = []
    ranked = sorted(classes.items(), key=lambda item: (-item[1][0], item[0]))
    for rank, (name, (count, example)) in enumerate(ranked):
        lines.append(f"\n{title}, {count} times: {name}")
        if rank < EXAMPLES:
            lines.append(example_text(example))
    return "\n".join(lines)


def summary_text(run):
    """The table at the end."""
    verdicts = run.verdicts
    lines = ["", f"{'queries':48}{'asked':>10}{'agreed by all':>16}"]
    for source, asked in sorted(verdicts.asked.items()):
        lines.append(f"  {SOURCES[source]:46}{asked:>10}{verdicts.agreed.get(source, 0):>16}")
    asked, agreed = sum(verdicts.asked.values()), sum(verdicts.agreed.values())
    lines.append(f"  {'together':46}{asked:>10}{agreed:>16}")
    lines.append("disputes, as the table has them")
    for entry in DISPUTES:
        if entry.name in verdicts.disputes:
            who = f"{entry.name} ({', '.join(entry.servers.split())})"
            lines.append(f"  {who:46}{verdicts.disputes[entry.name][0]:>10}")
    lines.append("zones refused")
    for (name, server), count in sorted(run.refusals.items()):
        lines.append(f"  {f'{name} ({server})':46}{count:>10}")
    for title, classes in (("bugs", verdicts.bugs), ("undecided", verdicts.undecided)):
        number = sum(count for count, _ in classes.values())
        lines.append(f"{title + f' (in {len(classes)} classes)':48}{number:>10}")
    return "\n".join(lines)


def as_json(run):
    """The same for programs."""
    verdicts = run.verdicts

    def listed(classes):
        return [
            {"class": name, "count": count, "query": example.query, "zones": example.case_text,
             "replies": {n: o and o.hex() for n, o in zip(NAMES, example.replies)}}
            for name, (count, example) in sorted(classes.items())
        ]  # fmt: skip

    return {
        "asked": verdicts.asked,
        "agreed": verdicts.agreed,
        "disputes": {name: count for name, (count, _) in sorted(verdicts.disputes.items())},
        "refused_zones": [
            {"reason": name, "server": server, "count": count}
            for (name, server), count in sorted(run.refusals.items())
        ],
        "bugs": listed(verdicts.bugs),
        "undecided": listed(verdicts.undecided),
    }
