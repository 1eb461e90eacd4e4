"""What every response tells a browser of how far it may be trusted, unless somebody says otherwise.

nosniff: a file is what its name says, never a script by its looks. Other sites get to know which
site a visitor comes from, not which page; and only this one may show its pages in frames.
"""

__all__ = ["CONTENT_SECURITY_POLICY", "PAGE_POLICY"]

CONTENT_SECURITY_POLICY = "frame-ancestors 'self'"

PAGE_POLICY = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
)
