"""What a request asks for, what it makes of an instance, and what its reply says of each."""

import dataclasses
import datetime
import math

SOONEST_END_OF_DRAIN = 1  # seconds: a drain ends when the largest TTL has passed, plus this

REGISTER, RENEW, SET_STATUS = "registrations", "renewals", "status changes"
REMOVE, DRAIN, REFUSED = "deregistrations", "drains", "refused registrations"
REMOVE_SERVICE = "removals of services"


@dataclasses.dataclass(frozen=True)
class Item:
    """What is asked for one instance."""

    kind: str
    key: tuple  # (service, id)
    fields: dict = None  # a registration's, as they are to be stored; else what changes


@dataclasses.dataclass(frozen=True)
class Change:
    """One request. `service` is what a removal of a service removes."""

    method: str
    path: str
    body: dict
    items: tuple
    is_bulk: bool = False
    service: str = None


@dataclasses.dataclass(frozen=True)
class Result:
    """What a reply says of one item. Without a reply there is no status."""

    status: int = None
    stored: dict = None  # the instance as the reply shows it, as far as it does
    is_unknown: bool = False
    problem: object = None


@dataclasses.dataclass(frozen=True)
class State:
    """An instance as it may be stored, and when its lease may end at the earliest."""

    fields: dict
    may_end: float = math.inf


def applied(item, state, sent):
    """What an instance is after the item is carried out; None is an instance that is not there."""
    if item.kind == REGISTER:
        return State(item.fields, lease_end(item.fields, sent))
    if state is None or item.kind == REFUSED:
        return state
    if item.kind == REMOVE:
        return None
    if item.kind == DRAIN:
        fields = without(state.fields, "revision") | {"status": "draining"}
        return State(fields, min(state.may_end, sent + SOONEST_END_OF_DRAIN))
    if state.fields["status"] == "draining":
        # Only a registration ends a drain; another status may be kept for nothing.
        is_same = item.kind == RENEW
        return state if is_same else State(without(state.fields, "revision"), state.may_end)
    may_end = lease_end(state.fields, sent)
    if item.kind == SET_STATUS and item.fields["status"] != state.fields["status"]:
        return State(without(state.fields, "revision") | item.fields, may_end)
    return State(state.fields, may_end)


def lease_end(fields, start):
    seconds = fields["lease_seconds"]
    return math.inf if seconds is None else start + seconds


def without(fields, name):
    return {key: value for key, value in fields.items() if key != name}


def results(change, reply):
    """One result for each item; a reply to several that names no items is for all of them."""
    if reply is None:
        return [Result() for _ in change.items]
    body = reply.body or {}
    if change.is_bulk and reply.status == 200:
        return [
            Result(item["status"], stored(item), is_unknown(item.get("problem")), item)
            for item in body["results"]
        ]
    shown = stored(body) if 200 <= reply.status < 300 else None
    return [Result(reply.status, shown, is_unknown(body), body) for _ in change.items]


def is_unknown(problem):
    return bool(problem) and problem.get("outcome") == "unknown"


SAFE_AT = "safe_at"  # when a drain ends; kept as seconds
# Members of a reply that are not stored, or say how the call went.
NOT_STORED = {"renewed_at", "expires_at", "warnings", "problem"}


def stored(shown):
    """What of a reply's instance must be there after a restart."""
    if "addresses" not in shown:  # a bulk call tells no more than this
        return {"revision": shown["revision"]} if "revision" in shown else {}
    fields = {key: value for key, value in shown.items() if key not in NOT_STORED}
    fields["tags"] = sorted(fields["tags"])
    if SAFE_AT in fields:
        fields[SAFE_AT] = datetime.datetime.fromisoformat(fields[SAFE_AT]).timestamp()
    return fields
