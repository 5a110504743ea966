"""The Content-Security-Policy of pages."""


def security_policy(*, form_action: str = "'none'", **sources: str) -> str:
    """Return the policy that allows these sources and nothing else; ``script`` is `script-src`.

    >>> security_policy(style="'self'")
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    """
    directives = {
        "default-src": "'none'",
        **{f"{kind}-src": source.strip() for kind, source in sources.items()},
        "base-uri": "'none'",
        "form-action": form_action,
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {source}" for name, source in directives.items())
