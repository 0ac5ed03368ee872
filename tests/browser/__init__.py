"""The page of ``verify --format html`` in a real browser: ``make browser``. It is no part of ``make test``."""
