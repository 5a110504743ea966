"""Words of written dates: months, weekdays, halves of the day and fillers, as feeds write them in their languages.

All are lower case without accents, as `fold` makes them.
"""

import re
import unicodedata
from collections.abc import Iterable

# English, French, German, Spanish, Italian, Portuguese, Dutch, Hungarian and Greek.
_MONTHS = (
    "january janvier januar janner enero gennaio janeiro januari jan janv ene gen ιανουαριου ιαν",
    "february fevrier februar febrero febbraio fevereiro februari feb febr fevr fev φεβρουαριου φεβ",
    "march mars marz marzo marco maart marcius mar mrz maerz mrt μαρτιου μαρ",
    "april avril abril aprile aprilis apr avr abr απριλιου απρ",
    "may mai mayo maggio maio mei majus mag μαιου μαι",
    "june juin juni junio giugno junho junius jun giu ιουνιου ιουν",
    "july juillet juli julio luglio julho julius jul juil lug ιουλιου ιουλ",
    "august aout agosto augustus augusztus aug ago αυγουστου αυγ",
    "september septembre septiembre setiembre settembre setembro szeptember sep sept set σεπτεμβριου σεπ",
    "october octobre oktober octubre ottobre outubro oct okt ott out οκτωβριου οκτ",
    "november novembre noviembre novembro nov νοεμβριου νοε",
    "december decembre dezember diciembre dicembre dezembro dec dez dic δεκεμβριου δεκ",
)
_WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed weds thu thur thurs fri sat sun "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim "
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so "
    "lunes martes miercoles jueves viernes sabado domingo mie jue vie sab dom "
    "lunedi martedi mercoledi giovedi venerdi sabato domenica gio "
    "segunda-feira terca-feira quarta-feira quinta-feira sexta-feira segunda terca quarta quinta sexta "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo "
    "δευ τρι τετ πεμ παρ σαβ κυρ"
)
MONTHS: dict[str, int] = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
WEEKDAYS = frozenset(_WEEKDAYS.split())
EAST_ASIAN_WEEKDAYS = frozenset("月火水木金土日一二三四五六월화수목금토일")
AM = ("am", "a.m.", "a.m", "a. m.", "a. m", "上午", "午前", "오전")
PM = ("pm", "p.m.", "p.m", "p. m.", "p. m", "下午", "午後", "오후")


def fold(text: str) -> str:
    """Return a text in lower case without accents, format characters and runs of spaces.

    >>> fold("  Sábado,  1er Août\u200e ")
    'sabado, 1er aout'
    """
    plain = unicodedata.normalize("NFKC", text.translate(_DASHES))
    letters = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", plain)
        if unicodedata.category(letter) not in ("Mn", "Cf")
    )
    return " ".join(unicodedata.normalize("NFC", letters).casefold().split())


def alternatives(words: Iterable[str]) -> str:
    """Return a pattern of any of the words, longer ones first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_DASHES = {ord(dash): "-" for dash in "‐‑‒–—−"}
