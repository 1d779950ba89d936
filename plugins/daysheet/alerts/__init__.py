"""Alerts: what somebody should know of and act on, what becomes of each, and who is mailed it."""
