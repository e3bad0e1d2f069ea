"""The words every stage shares: money, periods, FOCUS columns, tokens, issues.

Decimal arithmetic must never round unless a named rule says so. Python's default
context keeps 28 significant digits, which is fewer than a DECIMAL(38,18) times a
rate can need, so this package widens the context of every thread on import.

A closed month is a million small frozen values, none of which can be part of a cycle. By default
Python looks for cycles after every 700 of them, which would take as long as making them.
"""

import decimal
import gc

EXACT_DIGITS = 120

decimal.DefaultContext.prec = EXACT_DIGITS
decimal.getcontext().prec = EXACT_DIGITS

VALUES_BETWEEN_COLLECTIONS = 50_000

gc.set_threshold(VALUES_BETWEEN_COLLECTIONS)
