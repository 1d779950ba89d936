"""How a session's status changes, one or many at once: rules, guards, stamps, effects, history."""
