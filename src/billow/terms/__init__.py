"""The words every stage shares: money, periods, FOCUS columns, tokens, issues.

Decimal arithmetic must never round unless a named rule says so. Python's default
context keeps 28 significant digits, which is fewer than a DECIMAL(38,18) times a
rate can need, so this package widens the context of every thread on import.
"""

import decimal

EXACT_DIGITS = 120

decimal.DefaultContext.prec = EXACT_DIGITS
decimal.getcontext().prec = EXACT_DIGITS
