"""Strings that must be shown and never run, whatever field they arrive in."""

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "{% raw %}",
    '=HYPERLINK("http://example.invalid","x")',
    "@SUM(A1:A9)",
    "$x^2_1$ & \\alpha",
    "line one\nline two",
    "</style><style>*{display:none}</style>",
    "\u202eevil.exe",
    "[link](http://example.invalid) ![i](http://example.invalid/i.png)",
    "x" * 300,
)
