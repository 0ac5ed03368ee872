"""What goes wrong between the plugin and the API, apart from ``api.py`` so that it costs no import of the SDK."""


class ApiError(Exception):
    """The API refused, or did not answer; the text is the one that the user of the real plugin sees.

    :param status: the HTTP status; None where there was no answer.
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
