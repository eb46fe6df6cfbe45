"""The floods behind tools/flood: attackers, well-behaved clients beside them, and what is counted.

`datagrams` runs the UDP sender, `attackers` hold TCP connections in every bad way, `clients` are
those that must not suffer, and `run` has the parts that tools/flood can run alone.
"""
