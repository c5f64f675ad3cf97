"""The house: how its processes are started, watched and ended; how its web is put together."""
