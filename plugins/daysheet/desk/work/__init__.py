"""Who works on what: items, their urgency, their owners, what is put off, noted and finished."""
