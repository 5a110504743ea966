"""Boilerplate that publishers append to the summary of a text: where it appeared first, and links to the whole text.

It repeats the title and names the publisher, so that an asset is found and a title scored that the text does not speak
of. Collectors remove it from what they publish, and the analysis from texts of other producers.
"""

import re
from typing import Final

# Source: WordPress's feed footer ("The post %1$s appeared first on %2$s.") and its official translations.
_ATTRIBUTIONS: Final = (
    (
        r"(?:The|This) (?:post|article|story|piece)",
        r"(?:was )?(?:originally |first )*(?:appeared|published)(?: first)? (?:on|in|at)",
    ),
    (
        r"(?:L[’']article|Cet article|Le post|La publication)",
        r"(?:est apparue?|a été publiée?) (?:en premier|d[’']abord|initialement) sur",
    ),
    (
        r"(?:Der|Dieser) (?:Beitrag|Artikel)",
        r"(?:erschien(?: zuerst| zunächst)?|wurde zuerst veröffentlicht) (?:auf|bei|in)",
    ),
    (
        r"(?:La entrada|El artículo|El post|La noticia|El cargo|La publicación)",
        r"(?:se publicó|apareció|aparece|fue publicad[oa]) (?:por primera vez|primer[oa]) en",
    ),
    (
        r"(?:L[’']articolo|Questo articolo)",
        r"(?:proviene da|sembra essere il primo su|è apparso per primo su)",
    ),
    (
        r"(?:O post|O artigo|A publicação)",
        r"(?:apareceu|foi publicad[oa]) primeiro (?:em|no|na)",
    ),
    (r"Het (?:bericht|artikel)", r"(?:verscheen (?:eerst|als eerste)|is origineel geplaatst) op"),
    (
        r"(?:Сообщение|Запись|Статья)",
        r"(?:впервые )?(?:появил[аио](?:сь|ся)|опубликован[ао]?) (?:сначала |впервые )?(?:на|в)",
    ),
    (r"Inlägget", r"dök först upp på"),
    (r"Artykuł", r"pochodzi z serwisu"),
)
_LINKS: Final = (
    r"(?:Click here to )?[Rr]ead (?:[Mm]ore|on|(?:the )?(?:[Ff]ull|whole|original) (?:[Ss]tory|[Aa]rticle|post|piece))",
    r"READ MORE", r"Continue [Rr]eading", r"Keep [Rr]eading", r"View (?:the )?(?:full|original) (?:article|post)",
    r"Lire (?:la suite|plus|l[’'](?:article|intégralité)(?: complet)?)", r"Continuer la lecture", r"En savoir plus",
    r"(?:Hier )?[Ww]eiterlesen", r"Mehr lesen", r"(?:Den )?[Gg]anzen Artikel lesen", r"Zum (?:ganzen )?Artikel",
    r"Leer (?:más|el artículo completo|la nota completa)", r"S(?:eguir|igue) leyendo", r"Continuar leyendo",
    r"Leggi (?:tutto|l[’']articolo completo|di più)", r"Continua a leggere", r"Leia (?:mais|a matéria completa)",
    r"Continue lendo", r"Lees (?:meer|verder)",
)  # fmt: skip
_MAX_TITLE: Final = 400
_MAX_PUBLISHER: Final = 120
_ATTRIBUTION = re.compile(
    "|".join(
        rf"\b{begin}(?:(?!\b{begin}\b).){{0,{_MAX_TITLE}}}?\s{verb}\s[^\n]{{1,{_MAX_PUBLISHER}}}$"
        for begin, verb in _ATTRIBUTIONS
    ),
    re.DOTALL,
)
_AFTER_SENTENCE = r"(?:^|(?<=[.!?…:\]»”\"])\s+|(?<=[….]))"
_LINK = re.compile(
    rf"{_AFTER_SENTENCE}[\[(]?(?:{'|'.join(_LINKS)})\b[^.!?\n]{{0,200}}[\]).!?…]*$"
    rf"|\s[\[(]?(?=[A-Z])(?:{'|'.join(_LINKS)})[\]).!?…]*$"
)
# What readers of forums and agencies add: who submitted a text, and where it is from.
_ORIGIN = re.compile(
    rf"{_AFTER_SENTENCE}(?:"
    r"(?:[Ss]ubmitted|[Pp]osted) by /?u/\S{1,40}(?: to /?r/\S{1,40})?(?:\s*\[(?:link|comments)\])*"
    r"|Originally (?:published|appeared) (?:at|on|in)(?: \S{1,60}){1,5}"
    r"|(?:Source|Quelle|Fuente|Fonte|Via)\s?: ?[A-Z][\w.’'&-]{1,30}(?: [A-Z][\w.’'&-]{0,30}){0,2})$"
)
_CUT = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.|&hellip;)\s*\]|\(\s*(?:…|\.\.\.)\s*\)|[→»]+)\s*$")
# What can be boilerplate at the end of a summary; the patterns see no more of it.
_MAX_TAIL: Final = 800
_MAX_PIECES: Final = 6


def without_boilerplate(summary: str) -> str:
    """Return a summary without the boilerplate at its end. Idempotent.

    >>> without_boilerplate("Fees fell. […] The post Fees fell appeared first on Bitcoin Magazine.")
    'Fees fell.'
    >>> without_boilerplate("Fees fell […] Continue reading Fees fell at Bitcoin Magazine →")
    'Fees fell'
    """
    for _ in range(_MAX_PIECES):
        head, tail = summary[:-_MAX_TAIL], summary[-_MAX_TAIL:]
        shorter = tail
        for pattern in (_ATTRIBUTION, _LINK, _ORIGIN, _CUT):
            shorter = pattern.sub("", shorter).rstrip()
        if shorter == tail.rstrip():
            break
        summary = head + shorter
    return summary.rstrip()
