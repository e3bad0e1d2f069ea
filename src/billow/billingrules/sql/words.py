"""The words of the language of rules, and what to write instead of words that other SQL knows."""

from collections.abc import Mapping

STATEMENT_KEYWORDS = frozenset({"UPDATE", "DELETE", "INSERT"})
FRAME_KEYWORDS = STATEMENT_KEYWORDS | {"SET", "WHERE", "FROM", "INTO", "VALUES", "SELECT"}
"""The words that make the frame of a statement; the rest belongs to values and conditions."""

CONSTANTS = frozenset({"NULL", "TRUE", "FALSE"})
CAST_TYPES = frozenset({"DECIMAL", "VARCHAR"})
_OPERATORS = frozenset({"AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "CASE", "WHEN", "THEN", "ELSE", "END"})
KEYWORDS = FRAME_KEYWORDS | CONSTANTS | CAST_TYPES | _OPERATORS | {"CAST", "AS"}

FRAMES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "UPDATE": (("UPDATE", "SET"), ("UPDATE", "SET", "WHERE")),
    "DELETE": (("DELETE", "FROM"), ("DELETE", "FROM", "WHERE")),
    "INSERT": (
        ("INSERT", "INTO", "VALUES"),
        ("INSERT", "INTO", "SELECT", "FROM"),
        ("INSERT", "INTO", "SELECT", "FROM", "WHERE"),
    ),
}
"""The orders in which frame words may follow each other, by the statement's first word."""

SHAPES: Mapping[str, str] = {
    "UPDATE": "UPDATE costs SET costs.amount = … WHERE …",
    "DELETE": "DELETE FROM costs WHERE …",
    "INSERT": "INSERT INTO costs (provider, service, cost_type, amount) VALUES (…)",
}

AGGREGATE = "SUM"
ARGUMENT_COUNTS: Mapping[str, tuple[int, int | None]] = {
    "ABS": (1, 1),
    "COALESCE": (2, None),
    "CONCAT": (1, None),
    "GREATEST": (1, None),
    "LEAST": (1, None),
    "LOWER": (1, 1),
    "ROUND": (1, 2),
    "SUBSTR": (2, 3),
    AGGREGATE: (1, 1),
    "UPPER": (1, 1),
}
"""The functions that rules may call, with the smallest and the largest number of arguments."""

FUNCTION_LIST = ", ".join([*sorted(ARGUMENT_COUNTS), "CAST"])

HINTS: Mapping[str, str] = {
    "ILIKE": "write LOWER(column) LIKE 'text in lower case'",
    "SIMILAR": "write LIKE with % and _",
    "REGEXP": "write LIKE with % and _",
    "RLIKE": "write LIKE with % and _",
    "GLOB": "write LIKE with % and _",
    "ESCAPE": "% and _ are always wildcards in LIKE; compare with = where they are meant as they are",
    "COLLATE": "write LOWER(column) to compare without regard to case",
    "WITH": "a rule is one statement without sub-queries; write the condition into WHERE",
    "UNION": "a rule is one statement; make a second rule",
    "JOIN": "a rule looks at one charge of one dataset at a time; leave the join out",
    "USING": "a rule looks at one charge of one dataset at a time; leave USING out",
    "ON": "a rule looks at one charge of one dataset at a time; leave ON out",
    "EXISTS": "sub-queries are not understood; write the condition into WHERE",
    "ANY": "write IN (…)",
    "ALL": "leave it out",
    "DISTINCT": "leave it out",
    "GROUP": "SUM adds up all charges that WHERE chooses; make one rule for each group",
    "HAVING": "write CASE WHEN SUM(…) … THEN … ELSE … END",
    "ORDER": "rules work on all charges alike; leave it out",
    "LIMIT": "rules work on all charges alike; leave it out",
    "OFFSET": "rules work on all charges alike; leave it out",
    "OVER": "window functions are not understood; SUM adds up all charges that WHERE chooses",
    "FILTER": "write the condition into WHERE, or SUM(CASE WHEN … THEN … ELSE 0 END)",
    "RETURNING": "leave it out; the preview shows what a rule does",
    "CONFLICT": "leave it out",
    "DEFAULT": "leave the column out",
    "XOR": "write (a AND NOT b) OR (b AND NOT a)",
    "DIV": "write / and ROUND(…)",
    "MOD": "write it with / and ROUND(…)",
    "NUMERIC": "write DECIMAL",
    "INTEGER": "write DECIMAL, and ROUND(…) for whole numbers",
    "INT": "write DECIMAL, and ROUND(…) for whole numbers",
    "FLOAT": "write DECIMAL",
    "DOUBLE": "write DECIMAL",
    "TEXT": "write VARCHAR",
    "CHAR": "write VARCHAR",
    "STRING": "write VARCHAR",
    "DATE": "use the rule's start and end date instead of conditions on dates",
    "INTERVAL": "use the rule's start and end date instead of conditions on dates",
    "CURRENT_DATE": "use the rule's start and end date instead of conditions on dates",
    "SUBSTRING": "write SUBSTR(text, start, length)",
    "IFNULL": "write COALESCE(…, …)",
    "NVL": "write COALESCE(…, …)",
    "IF": "write CASE WHEN … THEN … ELSE … END",
    "IIF": "write CASE WHEN … THEN … ELSE … END",
    "MIN": "write LEAST(…, …)",
    "MAX": "write GREATEST(…, …)",
    "COUNT": "only SUM(…) adds up charges",
    "AVG": "only SUM(…) adds up charges",
    "TRY_CAST": "write CAST(… AS DECIMAL)",
}
"""What to write instead of a word that rules do not know."""

SIGN_HINTS: Mapping[str, str] = {
    "==": "write =",
    "=>": "write >=",
    "=<": "write <=",
    "<=>": "write =",
    "&&": "write AND",
    "||=": "write ||",
    "**": "write the multiplication out",
    "::": "write CAST(… AS DECIMAL)",
    ":=": "write =",
    "->": "columns have no parts; tags are written costs.tags.key",
    "<<": "bits cannot be moved; write a multiplication",
    ">>": "bits cannot be moved; write a division",
    "/*": "write comments with --",
    "*/": "write comments with --",
    "//": "write comments with --",
    "!": "write NOT, or !=",
    "&": "write AND",
    "|": "write OR, or || to join texts",
    "%": "% stands only inside a text of LIKE; write a percentage as a number, 0.95",
    "#": "write comments with --",
    "`": 'write names in double quotes: aws."lineItem/UnblendedCost"',
    "[": "write lists as IN (…), and names in double quotes",
    "]": "write lists as IN (…), and names in double quotes",
    "{": "leave the braces out; rules have no parameters",
    "}": "leave the braces out; rules have no parameters",
    "$": "write texts in single quotes; rules have no parameters",
    "?": "write the value itself; rules have no parameters",
    "@": "write the value itself; rules have no parameters",
    ":": "names with a colon go in double quotes; rules have no parameters",
    "~": "write LIKE with % and _",
    "^": "write the multiplication out",
    "\\": "leave it out; inside a text it is an ordinary sign",
    ".": "write dataset, point and column without spaces: costs.amount",
}
"""What to write instead of a sign that rules do not know, longest signs first in effect."""
