"""The cost report: a picture over time, a table of groups, and the same as CSV."""
