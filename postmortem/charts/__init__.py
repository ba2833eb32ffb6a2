"""Pictures: a tidy table drawn on an Axes. Knows no analysis and no deals; one chart a module.

Matplotlib is imported when something is drawn, so that importing a chart costs next to nothing.
"""
