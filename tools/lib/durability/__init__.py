"""What tools/crash, tools/faults and tools/powerloss share: the program is killed, its system calls
are made to fail, or its disk loses what was not synced, and what it acknowledged must be there.

`server` runs the program and `api` calls it. `change` says what a request asks for, `writer` makes
up such requests, `client` sends them, and `model` keeps what must and what may be stored by now;
`inspection` reads what is there, over HTTP and DNS, and `observer` watches DNS meanwhile. `trace`
runs strace and reads what it says, `disk` makes files of it as a power cut may leave them. The
tools themselves are `crash_rounds`, `fault_cases` and `power_cuts`. `sabotage` makes the program
break its promises, which shows that the tools find that.
"""
