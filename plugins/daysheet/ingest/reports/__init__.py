"""SimplePractice reports: read by their header, judged row by row, applied to the desk and raw."""
