"""What moves the sums of a session: balances under locks, adjustments, what money leaves behind."""
