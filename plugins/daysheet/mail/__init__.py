"""The outbox: mails as rows, made into messages and handed to a server. It reads no claim."""
