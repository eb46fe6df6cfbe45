"""Instances that come, renew, change, go and expire, and a look at DNS after each step."""

import time

from soak import model
from soak.client import Client, records

ZONE = "mesh.internal."
SERVICES = 20  # of each churner, which is their only client
INSTANCES = 12  # ids of each service
LEASES = (1, 2, 5, 30, None)
TAGS = ("v1", "v2", "canary")
STATUSES = ("passing", "passing", "warning", "critical")


class Churn:
    """Steps of one client. What it finds wrong goes to `outcome`."""

    def __init__(self, number, server, chance, outcome):
        names = [f"soak{number}-{n}" for n in range(SERVICES)]
        self.services = [model.Service(name) for name in names]
        self.server, self.chance, self.outcome = server, chance, outcome
        self.client = Client(server)

    def step(self):
        service = self.chance.choice(self.services)
        service.forget_ended()
        change = self.chance.choices(
            (self.register, self.renew, self.deregister, self.bulk, self.client.leave),
            (40, 30, 12, 3, 2),
        )[0]
        if change == self.client.leave:
            change()
        else:
            change(service)
        self.outcome.count("changes")
        for _ in range(3):
            self.look(service)

    def close(self):
        """Takes out what it has registered."""
        for service in self.services:
            for name in [f"i{n}" for n in range(INSTANCES)]:
                self.client.call("DELETE", path(service, name))
        self.client.__exit__()

    # Changes

    def new_instance(self, number):
        return model.Instance(
            address=f"10.{self.chance.randrange(200)}.0.{number + 1}",
            port=8000 + number, tag=self.chance.choice(TAGS),
            status=self.chance.choice(STATUSES), lease=self.chance.choice(LEASES),
        )  # fmt: skip

    def register(self, service):
        number = self.chance.randrange(INSTANCES)
        name, instance = f"i{number}", self.new_instance(number)
        sent = time.monotonic()
        status, reply = self.client.call("PUT", path(service, name), settings(instance))
        if status not in (200, 201):
            self.outcome.wrong(f"PUT {service.name}/{name}: {status} {reply}")
            return
        instance.begin(sent)
        service.instances[name] = instance
        service.exists = True

    def renew(self, service):
        if not service.instances:
            return
        name, instance = self.chance.choice(list(service.instances.items()))
        status = self.chance.choice((None, *STATUSES))
        sent = time.monotonic()
        body = None if status is None else {"status": status}
        code, reply = self.client.call("POST", path(service, name) + "/renew", body)
        if code == 200:
            if instance.is_registered(sent, sent) is False:
                self.outcome.wrong(f"renewal of {service.name}/{name}, which had expired: 200")
            instance.begin(sent)
            instance.status = status or instance.status
        elif code == 404:
            now = time.monotonic()
            if instance.is_registered(sent, now):
                self.outcome.wrong(f"renewal of {service.name}/{name}, which is there: 404")
            del service.instances[name]
        else:
            self.outcome.wrong(f"renewal of {service.name}/{name}: {code} {reply}")

    def deregister(self, service):
        if not service.instances:
            return
        name, instance = self.chance.choice(list(service.instances.items()))
        sent = time.monotonic()
        code, reply = self.client.call("DELETE", path(service, name))
        expected = {True: {204}, False: {404}, None: {204, 404}}
        if code not in expected[instance.is_registered(sent, time.monotonic())]:
            self.outcome.wrong(f"DELETE {service.name}/{name}: {code} {reply}")
        del service.instances[name]

    def bulk(self, service):
        """All ids at once, then a renewal of all."""
        instances = {f"i{n}": self.new_instance(n) for n in range(INSTANCES)}
        items = [{"service": service.name, "id": k} | settings(v) for k, v in instances.items()]
        sent = time.monotonic()
        code, reply = self.client.call("POST", "/v1/instances", {"instances": items})
        bad = [r for r in (reply or {}).get("results", [{}]) if r.get("status") not in (200, 201)]
        if code != 200 or bad:
            self.outcome.wrong(f"bulk registration of {service.name}: {code} {bad or reply}")
            return
        for instance in instances.values():
            instance.begin(sent)
        service.instances, service.exists = instances, True
        items = [{"service": service.name, "id": key} for key in instances]
        sent = time.monotonic()
        code, reply = self.client.call("POST", "/v1/renewals", {"renewals": items})
        if code != 200:
            self.outcome.wrong(f"bulk renewal of {service.name}: {code} {reply}")
            return
        for result in reply["results"]:
            instance = instances[result["id"]]
            if result["status"] == 200:
                instance.begin(sent)
            elif instance.is_registered(sent, time.monotonic()):
                self.outcome.wrong(f"bulk renewal of {service.name}/{result['id']}: {result}")

    # Looks

    def look(self, service):
        if not service.exists:
            return
        tcp = self.chance.random() < 0.2
        tag = self.chance.choice((None, None, *TAGS))
        owner = f"{tag}.tag.{service.name}.{ZONE}" if tag else f"{service.name}.{ZONE}"
        kind = self.chance.choice(("A", "SRV", "AAAA"))
        reply, since, until = self.client.ask(owner, kind, tcp)
        self.outcome.count("answers")
        if kind == "A":
            found = {r.address for r in records(reply, owner, kind)}
            lost, stale = service.mistakes(found, lambda i: i.address, since, until, tag)
        elif kind == "SRV":
            found = {r.port for r in records(reply, owner, kind)}
            lost, stale = service.mistakes(found, lambda i: i.port, since, until, tag)
        else:
            lost, stale = set(), {r.address for r in records(reply, owner, kind)}
        # A tag that none ever had does not exist; the service does.
        if lost or stale or (reply.rcode() != 0 and not tag):
            self.outcome.wrong(
                f"{owner} {kind} over {'TCP' if tcp else 'UDP'}: code {reply.rcode()},"
                f" lost {sorted(lost)}, stale {sorted(stale)}; {service.instances}"
            )


def path(service, name):
    return f"/v1/services/{service.name}/instances/{name}"


def settings(instance):
    return {
        "address": instance.address, "port": instance.port, "tags": [instance.tag],
        "status": instance.status, "lease_seconds": instance.lease,
        "metadata": {"host": instance.address},
    }  # fmt: skip
