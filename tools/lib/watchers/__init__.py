"""The trial behind tools/watchers: a `crowd` of connections, each a `watcher`; `registry` changes
services and knows what must be told; `run` has the parts; `scarcity` is the last of them.
"""
