"""Calls over a channel: reads lines "COUNT NAME", writes for each call the instance's address.

usage: call.py PORT round_robin|default
"""

import sys

import grpc
from options import CHANNEL

PATIENCE = 60  # seconds


def main():
    port, options = sys.argv[1], CHANNEL if sys.argv[2] == "round_robin" else []
    channels = {}
    for line in sys.stdin:
        calls, name = line.split()
        if name not in channels:
            channels[name] = grpc.insecure_channel(f"dns:///{name}:{port}", options)
        call = channels[name].unary_unary("/trial.Trial/Who")
        for _ in range(int(calls)):
            try:
                print(call(b"", timeout=PATIENCE, wait_for_ready=True).decode())
            except grpc.RpcError as error:
                print("error", error.code())
        sys.stdout.flush()


main()
