from tests.cast import cast, enter, ines, jonas, mara, sami

__all__ = ["cast", "enter", "ines", "jonas", "mara", "sami"]
