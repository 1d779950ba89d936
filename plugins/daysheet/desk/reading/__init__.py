"""What pages and mails show of the desk, beside the published build."""
