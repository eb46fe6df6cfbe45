"""What a channel and a server of gRPC are made with, so that calls follow the registrations."""

import json

ROUND_ROBIN = {"loadBalancingConfig": [{"round_robin": {}}]}
CHANNEL = [
    ("grpc.service_config", json.dumps(ROUND_ROBIN)),  # else all calls go to one instance
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),  # 30 s unless given
]
# It asks DNS again only when a connection ends: so the server ends them now and then.
SERVER = [("grpc.max_connection_age_ms", 2_000), ("grpc.max_connection_age_grace_ms", 10_000)]
