"""What people read, in a real browser: ``make browser``. It is no part of ``make test``.

The page of ``verify --format html``, and the documentation site.
"""
