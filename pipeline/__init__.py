"""The stages of the worker: poll, admit, keep, measure, judge, publish.

Each stage is a small object that is given what it needs; ``worker.py`` owns the clock and wires
them. Stages before the stream may be lost and asked again; a fact that is on the stream is kept
until the history has it.
"""
