"""The heavy batch: indicators measured again over years, roll-ups, rules played over the past.

Runs in processes of this machine, or on Apache Spark over the same files (``ANALYTICS_URL``).
Each job is one set of functions and one set of queries; an engine only says where they run, so
both give the same answer.
"""
