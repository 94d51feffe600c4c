"""How a request to an endpoint can fail."""


class EndpointError(OSError):
    """The endpoint cannot or will not answer; the message says what it said, without the key."""


class PassingError(Exception):
    """A request failed, or its answer is not what was asked for, and asking again may help.

    `wait` is how many seconds the server asked for, 0 if it did not; one that is `busy` is so for every request.
    """

    def __init__(self, message: str, *, wait: float = 0.0, busy: bool = False) -> None:
        super().__init__(message)
        self.wait, self.busy = wait, busy
