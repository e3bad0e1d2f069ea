"""Billow: from cloud bills to approved invoices."""

__version__ = "0.1.0"
