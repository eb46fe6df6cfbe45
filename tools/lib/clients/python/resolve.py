"""Asks asyncio or dnspython: reads lines "COUNT NAME", writes for each call its addresses.

usage: resolve.py asyncio|dnspython
"""

import asyncio
import socket
import sys


async def by_asyncio(name):
    """As asyncio.open_connection does: getaddrinfo, in a thread."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(name, 8080, type=socket.SOCK_STREAM)
    return [address[0] for *_, address in found]


async def by_dnspython(name):
    import dns.asyncresolver

    return [record.address for record in await dns.asyncresolver.resolve(name, "A", search=True)]


async def main():
    ask = {"asyncio": by_asyncio, "dnspython": by_dnspython}[sys.argv[1]]
    for line in sys.stdin:
        calls, name = line.split()
        for _ in range(int(calls)):
            try:
                print(*await ask(name))
            except Exception as error:  # whatever it is, the trial is to tell it
                print("error", repr(error))
        sys.stdout.flush()


asyncio.run(main())
