"""The trial behind tools/drain: `backends` are drained by the `fleet`, while `clients` use them.

`network` is where it all takes place, `run` puts it together and says what must hold.
"""
