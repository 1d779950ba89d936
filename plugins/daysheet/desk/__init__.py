"""What people and files change: sessions, claims, payments, work; every rule of it in one place."""
