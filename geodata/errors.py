"""What can be wrong with a file of districts."""


class GeoError(ValueError):
    """The shapes of a city are not usable; ``problems`` names every one of them."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
