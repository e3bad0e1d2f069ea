"""What is too much for one statement (docs/rules.md says the same to those who write rules)."""

MAX_LENGTH = 20_000
MAX_TOKENS = 4_000
MAX_NESTING = 50
"""Brackets and cases inside one another."""

MAX_STEPS = 150
"""Operations inside one another: whoever works on a statement may do so by recursion."""

MAX_PREFIXES = 3
"""NOT and signs in a row before one value."""

MAX_NESTED_LISTS = 3
"""IN lists inside one another."""

MAX_IN_VALUES = 1_000
MAX_TEXT = 4_000
MAX_DIGITS_BEFORE_POINT = 20
MAX_DIGITS_AFTER_POINT = 18
MAX_PATTERN = 1_000
