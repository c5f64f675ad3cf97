"""The short memory: the only code that speaks Redis."""
