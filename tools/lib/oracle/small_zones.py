"""Source (a): all zones of few records over two labels, and queries over three."""

import itertools
import random

from .case import APEX, APEX_NS, Case, ask

SAMPLED_QUERIES = 20  # of each zone, unless all are wanted
SAMPLED_TRIPLES = 1500  # zones of three records

OWNERS = ["a", "b", "*", "a.a", "b.a", "a.b", "*.a", "*.b", "a.*", "*.*", "b.a.b", "a.*.b"]
DATA = [
    "A 192.0.2.1", "TXT t",
    "NS b", "NS b.a", "NS ns.outside.example.",
    "CNAME a", "CNAME b.a", "CNAME c", "CNAME a.outside.example.",
    "DNAME b", "DNAME a.b", "DNAME outside.example.",
    "MX 0 b", "MX 0 a.b",
    "DS 1 8 1 00112233445566778899aabbccddeeff00112233",
]  # fmt: skip
AT_APEX = [("@", data) for data in ("A 192.0.2.1", "MX 0 a", "DNAME b", "DNAME outside.example.")]
RECORDS = [(owner, data) for owner in OWNERS for data in DATA] + AT_APEX

LABELS = "abc"  # c is in no owner
NAMES = [""] + [
    ".".join(labels) + "." for n in (1, 2, 3) for labels in itertools.product(LABELS, repeat=n)
] + ["*.", "*.a.", "a.*.", "c.*.", "*.*."]  # fmt: skip
TYPES = ["A", "NS", "CNAME", "DNAME", "MX", "ANY", "DS", "TXT"]


def cases(seed, complete):
    """One zone a case: all zones of one record and of two, and a sample of three."""
    rng = random.Random(f"a {seed}")
    numbers = itertools.count()
    for record in RECORDS:
        yield case(next(numbers), [record], seed, complete)
    pairs = [pair for pair in itertools.combinations(RECORDS, 2) if is_zone(pair)]
    pairs = [pair for pair in pairs if is_first_of_mirrored(pair)]
    for pair in pairs:
        yield case(next(numbers), pair, seed, complete)
    for _ in range(SAMPLED_TRIPLES):
        triple = rng.sample(RECORDS, 3)
        if is_zone(triple):
            yield case(next(numbers), triple, seed, complete)


def is_zone(records):
    """Whether a server may take this: nothing beside a CNAME, one DNAME at a name."""
    types = {}
    for owner, data in records:
        types.setdefault(owner, []).append(data.split()[0])
    return not any(
        len(found) > 1 and ("CNAME" in found or found.count("DNAME") > 1)
        for found in types.values()
    )


def is_first_of_mirrored(records):
    """Of two zones that differ only in a standing for b and b for a, one is enough."""
    swap = str.maketrans("ab", "ba")
    mirrored = []
    for owner, data in records:
        rtype, *rest = data.split()
        if rest[-1].replace(".", "").strip("ab*") == "":
            rest[-1] = rest[-1].translate(swap)
        mirrored.append((owner.translate(swap), " ".join([rtype, *rest])))
    return sorted(records) <= sorted(mirrored)


def case(number, records, seed, complete):
    origin = f"z{number}.a.test."
    text = APEX + APEX_NS + "".join(f"{owner} {data}\n" for owner, data in records)
    return Case("a", {origin: text}, lambda: queries(number, origin, records, seed, complete))


def queries(number, origin, records, seed, complete):
    rng = random.Random(f"a {seed} {number}")
    pairs = list(itertools.product(NAMES, TYPES))
    if not complete:
        # Most names are below nothing: half of the sample is about names near a record's.
        near = [pair for pair in pairs if any(is_near(pair[0], owner) for owner, _ in records)]
        half = SAMPLED_QUERIES // 2
        pairs = rng.sample(near, min(half, len(near))) + rng.sample(pairs, half)
    return [ask(rng, name + origin, qtype) for name, qtype in pairs]


def is_near(name, owner):
    """Whether a query's name is the owner, below it, above it, or matched by its wildcard."""
    labels, others = name.strip(".").split("."), owner.split(".")
    together = zip(reversed(labels), reversed(others))
    return all(x == y or y == "*" for x, y in together)
