"""Servers that reply with the address that they have been started with.

usage: serve.py PORT ADDRESS...
"""

import concurrent.futures
import sys

import grpc
from options import SERVER


def served(address, port):
    def who(request, context):
        return address.encode()

    handlers = {"Who": grpc.unary_unary_rpc_method_handler(who)}
    pool = concurrent.futures.ThreadPoolExecutor(2)
    server = grpc.server(pool, options=SERVER)
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("trial.Trial", handlers)]
    )  # fmt: skip
    server.add_insecure_port(f"{address}:{port}")
    server.start()
    return server


servers = [served(address, sys.argv[1]) for address in sys.argv[2:]]
print("ready", flush=True)
for server in servers:
    server.wait_for_termination()
