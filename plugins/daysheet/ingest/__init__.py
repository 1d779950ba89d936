"""From a dropped file to rows in ``raw``: found, copied, scanned, merged, accounted for."""
