"""The page that credits an approved invoice, whole or line by line."""
