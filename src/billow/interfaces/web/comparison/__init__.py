"""The page that compares an invoice with the month before, or with another of its versions."""
