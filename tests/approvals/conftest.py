from tests.cast import cast, enter, ines, jonas, mara, sami
from tests.office import office

__all__ = ["cast", "enter", "ines", "jonas", "mara", "office", "sami"]
