"""Builds: open one, make its models, check them, publish it, and tidy up behind."""
