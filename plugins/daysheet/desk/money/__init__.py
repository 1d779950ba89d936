"""Payments: entered, shared out, split, matched, taken back, and held against files and bank."""
