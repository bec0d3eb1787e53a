"""What people read, in English and Korean: one catalogue of texts for each subject and language.

>>> words("ko", "what_if")("title", output="손실")
'만약에? 손실은 어떻게 되는가'
"""

from ._words import LANGUAGES, Language, Words, words

__all__ = ["LANGUAGES", "Language", "Words", "words"]
