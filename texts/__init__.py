"""Every sentence, number, date and duration on a screen, in the reader's language.

A message id is its English sentence with ``{named}`` places. Catalogues are the ``.po`` files of
``texts/<locale>/``, read once when the locale is first asked for: nothing to compile, so a change
of wording needs no build step and no file can be out of date.
"""

from texts.catalogue import LOCALES, load
from texts.translator import Translator, translator

__all__ = ["LOCALES", "Translator", "load", "translator"]
