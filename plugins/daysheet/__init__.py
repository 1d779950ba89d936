"""Daysheet: from dropped CSV files to a published build of the practice's numbers."""
