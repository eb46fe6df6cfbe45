"""What is registered when the page is looked at: nothing, a few instances, very many."""

SERVICES = ("api", "auth", "billing", "cart", "catalog", "db", "inventory", "mail", "orders",
            "payments", "queue", "search", "sessions", "shipping", "web")  # fmt: skip
SPACES = ("", ".prod", ".staging", ".eu-west.prod", ".us-east.prod")
MANY = 2_000
STATUSES = ("passing",) * 17 + ("warning", "critical", "passing")


def few(registry):
    """Three instances of one service, each in another state."""
    registry.register("web", "web-1", lease_seconds=30, tags=["v2", "blue"],
                      addresses=["10.0.0.1", "fd00::1"],
                      ports={"grpc": 9090, "metrics": 9100},
                      metadata={"version": "2.4.1", "zone": "eu-west-1a"})  # fmt: skip
    registry.register("web", "web-2", address="10.0.0.2", lease_seconds=600, tags=["v2"],
                      status="warning")  # fmt: skip
    registry.register("web", "web-3", address="10.0.0.3", tags=["v1"])
    registry.call("PUT", "/v1/services/web", {"ttl_seconds": 120})
    registry.call("POST", "/v1/services/web/instances/web-3/drain")


def many(registry):
    """2,000 instances of `fleet`, and 600 other services with some."""
    # No answer could hold so many.
    registry.call("PUT", "/v1/services/fleet", {"max_answers": 8})
    registry.register_many([instance("fleet", number) for number in range(MANY)])
    names = [f"{name}{space}" for name in SERVICES for space in SPACES]
    names += [f"job-{number:03}.batch" for number in range(600 - len(names))]
    registry.register_many([
        instance(name, number)
        for order, name in enumerate(names)
        for number in range(1 + order % 5)
    ])  # fmt: skip


def instance(service, number):
    return {
        "service": service, "id": f"{service.split('.')[0]}-{number:04}",
        "address": f"10.{number // 250 % 250}.{len(service)}.{1 + number % 250}", "port": 8080,
        "status": STATUSES[number % len(STATUSES)], "tags": [f"v{1 + number % 3}", "blue"],
        "lease_seconds": 30 + number % 600, "metadata": {"rack": f"r{number % 40}"},
    }  # fmt: skip
