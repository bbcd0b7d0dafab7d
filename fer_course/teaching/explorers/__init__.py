"""The interactive figures of the lessons, a module each.

Each module has `draw(...)`, which makes the figure of one state; `explore()`,
which puts controls above it; and `static()` with `STATIC_ALT`, the same idea as
small multiples for GitHub, print and tests. Notebooks 02 to 05 use them.
"""
