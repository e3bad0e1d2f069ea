"""What Billow remembers: Django models with their constraints, nothing clever."""
