"""The desks: home, alerts, feeds and indicators, for people who sit before one screen and act."""
