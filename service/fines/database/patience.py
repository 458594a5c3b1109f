"""How soon a session notices that its server is gone, in libpq's words: for the service, and for the functions beside it."""

PATIENCE: dict[str, int] = {
    "connect_timeout": 3,
    # What was sent and is not even received is given up after five seconds, not after TCP's quarter of an hour.
    "tcp_user_timeout": 5000,
    # Who waits for an answer has nothing more to send, so nothing of that is missing: TCP must ask by itself. A failover takes
    # the server away without a word, and a thread that waited for half a minute would be missed by whoever looks at its health.
    # A statement may still take as long as it takes: it is the server's system that answers.
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
}
