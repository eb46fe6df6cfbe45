"""Random changes of the instances that one client owns; no other client changes them."""

import dataclasses
import json

from durability.change import (
    DRAIN, REFUSED, REGISTER, REMOVE, RENEW, SET_STATUS, Change, Item,
)  # fmt: skip

SHORT_LEASE = 1  # seconds, the shortest there is
LEASES = (None, 60, 3600, 86_400)
STATUSES = ("passing", "warning", "critical")
SHARED_SERVICES = ("web", "web.prod", "api", "cache.prod.eu")
LARGEST_BULK = 60
LARGE_BULK = 20_000
OWN_INSTANCES = 8  # of each service, for clients that change one at a time
BULK_INSTANCES = 300
LEAVING_INSTANCES = 40
KINDS = (REGISTER,) * 9 + (RENEW,) * 2 + (SET_STATUS,) * 4 + (REMOVE,) * 3 + (REFUSED,) + (DRAIN,)


class Writer:
    """Changes one instance at a time."""

    short_leases = 0.3  # which share of the registrations have the shortest lease

    def __init__(self, name, random, abilities):
        self.name, self.random, self.abilities = name, random, abilities
        self.number = 0

    def next(self, model):
        """The next change, or None if there is none at the moment."""
        kind = self.random.choice(KINDS)
        if kind == DRAIN and not self.abilities.drains:
            kind = REGISTER
        if kind == REFUSED:
            return self.refused()
        if kind == REGISTER:
            return self.single(self.registration(self.key()), "PUT")
        present = [key for key in self.keys() if is_there(model, key)]
        if not present:
            return self.single(self.registration(self.key()), "PUT")
        key = self.random.choice(present)
        if kind == REMOVE:
            return self.single(Item(REMOVE, key), "DELETE")
        if kind == DRAIN:
            return self.single(Item(DRAIN, key), "POST", "/drain")
        return self.single(self.renewal(key, kind), "POST", "/renew")

    def keys(self):
        return [(service, f"{self.name}-{number}")
                for service in SHARED_SERVICES for number in range(OWN_INSTANCES)]  # fmt: skip

    def key(self):
        return self.random.choice(self.keys())

    def single(self, item, method, suffix=""):
        service, name = item.key
        body = item.fields if item.fields else None
        return Change(
            method, f"/v1/services/{service}/instances/{name}{suffix}", body, (item,)
        )  # fmt: skip

    def registration(self, key, kind=REGISTER):
        """A registration that differs from every earlier one."""
        self.number += 1
        random = self.random
        lease = random.choice(LEASES)
        if random.random() < self.short_leases:
            lease = SHORT_LEASE
        addresses = [".".join(["10", *(str(random.randrange(1, 255)) for _ in range(3))])]
        if random.random() < 0.2:
            addresses.append(f"fd00::{random.randrange(1, 65_536):x}")
        ports = {"grpc": {"port": random.randrange(1, 65_536), "protocol": "udp"}}
        return Item(kind, key, {
            "addresses": addresses,
            "port": random.randrange(1, 65_536),
            "ports": ports if random.random() < 0.3 else {},
            "protocol": "tcp",
            "weight": random.choice((1, 1, 1, 5, 65_535)),
            "priority": random.choice((0, 0, 0, 1)),
            "tags": sorted(random.sample(("v1", "v2", "canary"), random.randrange(3))),
            "metadata": {"number": str(self.number), "text": "é" * random.randrange(0, 40)},
            "status": random.choice(STATUSES[:2] * 3 + STATUSES),
            "lease_seconds": lease,
        })  # fmt: skip

    def renewal(self, key, kind):
        fields = {"status": self.random.choice(STATUSES)} if kind == SET_STATUS else {}
        return Item(kind, key, fields)

    def refused(self):
        """A registration that must not be there afterwards, of an id that is used for nothing
        else."""
        item = self.registration((self.random.choice(SHARED_SERVICES), f"{self.name}-refused"))
        fault = self.random.choice((
            {"addresses": ["0.0.0.0"]}, {"status": "asleep"}, {"colour": "red"}, {"weight": 0},
        ))  # fmt: skip
        return self.single(Item(REFUSED, item.key, item.fields | fault), "PUT")


class BulkWriter(Writer):
    """Changes many at a time."""

    def next(self, model):
        keys = self.random.sample(self.keys(), self.random.randrange(1, LARGEST_BULK))
        present = [key for key in keys if is_there(model, key)]
        choice = self.random.random()
        if choice < 0.6 or not present:
            return self.registrations(keys)
        if choice < 0.9:
            return self.renewals(present)
        return self.single(Item(REMOVE, present[0]), "DELETE")

    def keys(self):
        return [(SHARED_SERVICES[number % 4], f"{self.name}-{number}")
                for number in range(BULK_INSTANCES)]  # fmt: skip

    def registrations(self, keys):
        items = [self.registration(key) for key in keys]
        if self.random.random() < 0.3:
            items.insert(self.random.randrange(len(items)), self.refused().items[0])
        return self.bulk("instances", items)

    def renewals(self, keys):
        kinds = self.random.choices((RENEW, SET_STATUS), k=len(keys))
        return self.bulk("renewals", map(self.renewal, keys, kinds))

    def bulk(self, name, items):
        items = tuple(items)
        listed = [{"service": item.key[0], "id": item.key[1]} | item.fields for item in items]
        return Change("POST", f"/v1/{name}", {name: listed}, items, is_bulk=True)


class LargeBulkWriter(BulkWriter):
    """Registers so many at once that SQLite writes pages before the commit; always the same."""

    short_leases = 0

    def __init__(self, name, random, abilities):
        super().__init__(name, random, abilities)
        change = self.registrations(self.keys())
        # As text, so that the request is sent as soon as it is asked for.
        self.change = dataclasses.replace(change, body=json.dumps(change.body))

    def keys(self):
        return [(f"{self.name}-{number // 100}", f"i{number}")
                for number in range(LARGE_BULK)]  # fmt: skip

    def next(self, model):
        return self.change


class ServiceWriter(Writer):
    """Makes services of its own, and removes them with all that is in them."""

    def keys(self):
        return [(f"{self.name}-{service}", f"i{number}")
                for service in range(3) for number in range(OWN_INSTANCES)]  # fmt: skip

    def next(self, model):
        if self.random.random() < 0.2 and self.abilities.removes_services:
            present = [key for key in self.keys() if is_there(model, key)]
            if present:
                service = self.random.choice(present)[0]
                items = tuple(Item(REMOVE, key) for key in present if key[0] == service)
                return Change("DELETE", f"/v1/services/{service}", None, items, service=service)
        return super().next(model)


class LeavingWriter(Writer):
    """Leaves its instances alone until their leases have ended. All of them are short."""

    short_leases = 1

    def keys(self):
        return [(SHARED_SERVICES[number % 4], f"{self.name}-{number}")
                for number in range(LEAVING_INSTANCES)]  # fmt: skip

    def next(self, model):
        absent = [key for key in self.keys() if not is_there(model, key)]
        if not absent:
            return None
        return self.single(self.registration(absent[0]), "PUT")


def is_there(model, key):
    """Whether it may be stored."""
    return key in model.entries and any(s is not None for s in model.entries[key].possible)
