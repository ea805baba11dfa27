from tests.cast import cast, ines, jonas, mara, sami

__all__ = ["cast", "ines", "jonas", "mara", "sami"]
