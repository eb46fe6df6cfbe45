"""The trial behind tools/clients: real DNS clients, each with a server and a network of its own.

`run` has the table of clients and shows each in a process of its own: in a `network` with a
`registry` on port 53 and the instances of one `service`, behind which `backends` are. What is to be
seen of all clients alike is in `scenes`, judged by `order`. The clients are in `query_tools`,
`system_resolvers`, `languages`, `proxies`, `forwarders` and `scrapers`; their configurations lie in
directories of their own, and docs/clients.md quotes them.
"""
