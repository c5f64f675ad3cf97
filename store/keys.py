"""Every key and channel of the store.

What must change together shares one hash tag (the part in braces), so that it lands on one node
of a cluster; each shard, each feed's duplicates and each feed's quarantine have their own.
"""

TICK = "bz:tick"  # channel: one message per published snapshot
SCHEMA = "bz:{house}:schema"  # the version of all that stands here
EPOCH = "bz:{house}:epoch"
HEAD = "bz:{house}:head"
BODY = "bz:{house}:body"
RECORDS = "bz:{house}:records"
VERSIONS = "bz:{house}:versions"
COMMANDS = "bz:{house}:commands"
FENCE = "bz:{house}:fence"
MEMORY = "bz:{house}:memory"
FEED_STATES = "bz:{house}:feeds"
FEED_NOTE = "bz:{house}:feeds:note"  # how far the told changes of feeds are in those states
POLLS = "bz:{house}:polls"  # which worker asked a feed last, and when it is due again
SHARDS = "bz:{house}:shards"  # every shard that facts were ever written to
WORKERS = "bz:{house}:workers"  # when each was last heard of, milliseconds
WORKER_NOTES = "bz:{house}:workers:notes"
INBOX_COUNTS = "bz:{inbox}:counts"  # deliveries by feed, of those that have some
INBOX_SIZES = "bz:{inbox}:sizes"  # their bytes
INBOX_BELL = "bz:{inbox}:bell"  # wakes the worker
INGEST = "ingest"  # consumer group of every shard
DESK = "desk"  # consumer group of the commands


def shard(number: int) -> str:
    """Return the stream of one shard of incoming facts."""
    return f"bz:obs:in:{{{number}}}"


def told(topic: str) -> tuple[str, str]:
    """Return what workers tell each other of a topic, and how many times they did."""
    return f"bz:told:{{{topic}}}", f"bz:told:{{{topic}}}:n"


def seen(feed_id: str) -> tuple[str, str]:
    """Return the two generations of known facts of a feed: filling, and full."""
    return f"bz:seen:{{{feed_id}}}:new", f"bz:seen:{{{feed_id}}}:old"


def rejects(feed_id: str) -> str:
    """Return the quarantine of a feed."""
    return f"bz:rejects:{{{feed_id}}}"


def rejects_seen(feed_id: str) -> tuple[str, str]:
    """Return the two generations of rows that already stand in quarantine."""
    return f"bz:rejects:{{{feed_id}}}:new", f"bz:rejects:{{{feed_id}}}:old"


def rejects_size(feed_id: str) -> str:
    """Return the bytes of the quarantine of a feed."""
    return f"bz:rejects:{{{feed_id}}}:bytes"


def inbox(feed_id: str) -> str:
    """Return the inbox of a feed."""
    return f"bz:{{inbox}}:of:{feed_id}"


def counters(feed_id: str) -> str:
    """Return the running totals of a feed."""
    return f"bz:counters:{{{feed_id}}}"


def lock(name: str) -> str:
    """Return the key of one lock."""
    return f"bz:{{house}}:lock:{name}"


def last_lock(name: str) -> str:
    """Return the key of who held a lock last, though it may have run out."""
    return f"bz:{{house}}:lock:{name}:last"


def command(command_id: str) -> str:
    """Return the mark that a command was submitted."""
    return f"bz:{{house}}:command:{command_id}"


def answer(command_id: str) -> str:
    """Return where a command's outcome stands."""
    return f"bz:{{house}}:answer:{command_id}"


def bell(command_id: str) -> str:
    """Return the list on which those who wait for an outcome sleep."""
    return f"bz:{{house}}:bell:{command_id}"
