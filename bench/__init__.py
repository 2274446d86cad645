"""The benchmark: what a stated number is defended with; `python -m bench` from the repository's root.

__main__.py  the command line
parts.py     what is measured on a healthy crowd: flood, paced, many, store, web
faults.py    what is measured while somebody misbehaves: stalled, flooder
claims.py    what the figures must show
targets.py   the servers, and how each is started
textbook.py  the server that every asyncio tutorial ends with
wires.py     how a peer speaks to each of them
joining.py   a crowd that connects and joins
load.py      the crowd's epoll loop: sends, and checks every byte that arrives
stream.py    the one stream of messages that every peer must get
machine.py   cores, clocks, memory
report.py    the table
chart.py     the plot
"""
