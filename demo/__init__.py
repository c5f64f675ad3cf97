"""A simulated Montréal behind real wire formats over HTTP; runs as its own process."""
