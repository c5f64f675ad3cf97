"""What can go wrong before a job starts."""


class AnalyticsError(Exception):
    """A job cannot run; the message says why, and what to do about it."""
