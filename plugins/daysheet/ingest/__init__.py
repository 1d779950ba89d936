"""From a dropped file to rows in ``raw``: found, copied, scanned, checked, merged, accounted for."""
