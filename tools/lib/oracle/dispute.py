"""A dispute: one way in which a peer's replies differ from Rollcall's, and why."""

import typing


class Dispute(typing.NamedTuple):
    """An entry of the tables. It excuses `fields` of a peer's reply where `when` recognises it."""

    name: str
    servers: str  # the peers that do it
    fields: str  # what of the reply differs by it
    when: typing.Callable  # Difference -> bool
    theirs: str  # what those servers do
    ours: str  # what Rollcall does, and why
    rfc: str
    # Rollcall may stand alone with it; without this it is a bug where all three agree.
    against_all: bool = False


def explain(table, difference, against_all):
    """The entries that together cover all that differs, or None."""
    used, covered = [], set()
    for entry in table:
        if difference.peer not in entry.servers.split() or (against_all and not entry.against_all):
            continue
        fields = set(entry.fields.split())
        if difference.fields & fields - covered and entry.when(difference):
            used.append(entry)
            covered |= fields
            if difference.fields <= covered:
                return used
    return None
