"""The differential test behind tools/oracle: the same zones and queries for four servers.

`small_zones`, `random_zones`, `written_zones` and `written_messages` make the cases, `servers` runs
the four programs, `exchange` sends the queries, `message` reads the replies, `noise` takes out what
does not matter, `verdict` compares, with the tables `answer_disputes`, `message_disputes` and
`refusals`; `run` does all of it and `report` prints.
"""
