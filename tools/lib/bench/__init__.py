"""The measurements behind tools/bench: Rollcall beside other programs, on one core of its own.

`services` says what is registered and asked for, `program` and `peers` run the servers, `load`,
`sampler` and `registrar` put work on them, and each module whose name starts with `measure_` is
a part that tools/bench can run alone. `rows` are compared with what they are to reach.
"""
