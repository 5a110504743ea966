"""Written dates of Vietnam, India and Thailand: their words as English ones, Buddhist years as Gregorian ones.

Their scripts need the vowel signs that folding takes away, and Vietnamese numbers its months in words.
Source of the words: CLDR 47, and spellings that newspapers use beside it.
"""

import re
import unicodedata
from typing import Final

_ENGLISH: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Hindi and Marathi, Bengali, Tamil, Telugu; the sign under a consonant (nukta) is left out everywhere.
_INDIC_MONTHS: Final = (
    "जनवरी जन जानेवारी जाने জানুয়ারি জানু ஜனவரி ஜன జనవరి జన",
    "फरवरी फर फेब्रुवारी फेब्रु ফেব্রুয়ারি ফেব பிப்ரவரி பிப் ఫిబ్రవరి ఫిబ్ర",
    "मार्च মার্চ மார்ச் மார் మార్చి",
    "अप्रैल अप्रेल एप्रिल एप्रि এপ্রিল এপ্রি ஏப்ரல் ஏப் ఏప్రిల్ ఏప్రి",
    "मई मे মে மே మే",
    "जून জুন ஜூன் జూన్",
    "जुलाई जुल जुलै জুলাই জুল ஜூலை జులై జూలై",
    "अगस्त अग ऑगस्ट ऑग আগস্ট আগ ஆகஸ்ட் ஆக ఆగస్టు ఆగ",
    "सितंबर सितम्बर सित सप्टेंबर सप्टें সেপ্টেম্বর সেপ সেপ্ট செப்டம்பர் செப் సెప్టెంబర్ సెప్టెం",
    "अक्टूबर अक्तूबर अक्टू ऑक्टोबर ऑक्टो অক্টোবর অক্টো அக்டோபர் அக் అక్టోబర్ అక్టో",
    "नवंबर नवम्बर नव नोव्हेंबर नोव्हें নভেম্বর নভে நவம்பர் நவ నవంబర్ నవం",
    "दिसंबर दिसम्बर दिस डिसेंबर डिसें ডিসেম্বর ডিসে டிசம்பர் டிச డిసెంబర్ డిసెం",
)
_INDIC_FILLERS: Final = (
    "रविवार सोमवार मंगलवार मंगळवार बुधवार गुरुवार गुरूवार बृहस्पतिवार शुक्रवार शनिवार रवि सोम मंगल मंगळ बुध गुरु शुक्र शनि को बजे "
    "রবিবার সোমবার মঙ্গলবার বুধবার বৃহস্পতিবার শুক্রবার শনিবার রবি সোম মঙ্গল বুধ বৃহস্পতি শুক্র শনি "
    "ஞாயிறு திங்கள் செவ்வாய் புதன் வியாழன் வெள்ளி சனி ஞாயி திங் செவ் புத வியா வெள் "
    "ఆదివారం సోమవారం మంగళవారం బుధవారం గురువారం శుక్రవారం శనివారం ఆది సోమ మంగళ బుధ గురు శుక్ర శని"
)
_INDIC_HALVES: Final = {"पूर्वाह्न": " am ", "अपराह्न": " pm ", "एएम": " am ", "पीएम": " pm "}
_THAI_MONTHS: Final = (
    "มกราคม ม.ค. มค.", "กุมภาพันธ์ ก.พ. กพ.", "มีนาคม มี.ค. มีค.", "เมษายน เม.ย. เมย.", "พฤษภาคม พ.ค. พค.", "มิถุนายน มิ.ย. มิย.",
    "กรกฎาคม ก.ค. กค.", "สิงหาคม ส.ค. สค.", "กันยายน ก.ย. กย.", "ตุลาคม ต.ค. ตค.", "พฤศจิกายน พ.ย. พย.", "ธันวาคม ธ.ค. ธค.",
)  # fmt: skip
_THAI_FILLERS: Final = (
    "วันอาทิตย์ วันจันทร์ วันอังคาร วันพุธ วันพฤหัสบดี วันพฤหัส วันศุกร์ วันเสาร์ อาทิตย์ จันทร์ อังคาร พุธ พฤหัสบดี พฤหัส ศุกร์ เสาร์ "
    "อา. จ. อ. พ. พฤ. ศ. ส. ที่ วันที่ เวลา น. นาฬิกา เมื่อ"
)
_BUDDHIST_ERA: Final = ("พุทธศักราช", "พ.ศ.", "พศ.", "b.e.")
_COMMON_ERA: Final = ("คริสต์ศักราช", "ค.ศ.", "คศ.")
_BUDDHIST_YEARS: Final = 543
_FIRST_YEAR: Final = 2009
"""No text about a crypto-asset is older: of two readings of a year, one before it is none."""

_INDIC = re.compile(r"[\u0900-\u0d7f]+")
_THAI = re.compile(r"[\u0e00-\u0e7f]")
_THAI_CLOCK = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{2})(?=\s*(?:น\.|นาฬิกา))")
_YEAR = re.compile(r"(?<![\d+])(\d{4})(?![\d:])")
_SHORT_YEAR = re.compile(rf"(?<=\s(?:{'|'.join(_ENGLISH)})\s)\s*(\d{{2}})(?![\d:.])")
_NUKTAS = str.maketrans("", "", "\u093c\u09bc\u0970")
_VIETNAMESE_NUMBERS: Final = (
    "một|giêng", "hai", "ba", "tư|bốn", "năm", "sáu", "bảy", "tám", "chín", "mười", "mười một", "mười hai|chạp",
)  # fmt: skip
_VIETNAMESE_WEEKDAY = re.compile(
    r"\b(?:chủ nhật|thứ (?:hai|ba|tư|năm|sáu|bảy|[2-7])|cn(?=,)|t[2-7](?=,))(?![^\W\d_])", re.IGNORECASE
)
_VIETNAMESE_MONTH = re.compile(
    r"\b(?:tháng|thg\.?|th(?=\s?\d))\s?(\d{1,2}|[^\W\d_]+(?: (?:một|hai)\b)?)", re.IGNORECASE
)
_VIETNAMESE_FILLER = re.compile(
    r"\b(?:ngày|năm(?= \d{4})|lúc|vào|giờ việt nam)(?![^\W\d_])|(?<=\d{4})\s*-(?=\s)", re.IGNORECASE
)
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?!\d)")
_HALF = re.compile(r"(?<=\d)\s?(sa|sáng|ch|chiều)(?![^\W\d_])", re.IGNORECASE)


def in_english(text: str, *, country: str | None) -> str:
    """Return a written time with English words for Vietnamese, Indian and Thai ones; another one as it is.

    >>> in_english("25 พ.ย. 2569 10:00 น.", country=None).split()
    ['25', 'nov', '2026', '10:00']
    >>> in_english("Thứ Tư, 25 tháng 11, 2026", country=None).split()
    [',', '25', 'nov', ',', '2026']
    """
    text = unicodedata.normalize("NFC", "".join(map(_to_ascii_digit, text)))
    if _THAI.search(text) or country == "th":
        return _from_thai(text)
    return _from_vietnamese(_INDIC.sub(_from_indic, text))


def _to_ascii_digit(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter


def _from_indic(match: re.Match[str]) -> str:
    word = match[0].translate(_NUKTAS)
    return _INDIC_WORDS.get(word, match[0])


def _from_thai(text: str) -> str:
    """Return a Thai time in English; its years are Buddhist ones where they cannot be others or say so."""
    lowered = text.lower()
    is_buddhist = any(era in lowered for era in _BUDDHIST_ERA)
    is_common = any(era in lowered for era in _COMMON_ERA)
    text = _THAI_CLOCK.sub(r"\1:\2", text)
    translated = _THAI_WORD.sub(lambda match: _THAI_WORDS[match[0].lower().rstrip(".")], text)
    if _THAI.search(text):
        translated = _SHORT_YEAR.sub(_full_thai_year, translated)
    if is_common:
        return translated
    return _YEAR.sub(lambda match: _gregorian(match[1], is_buddhist=is_buddhist), translated)


def _gregorian(written: str, *, is_buddhist: bool) -> str:
    """Return a year of the Gregorian calendar: one 543 years ahead of the texts of this century is Buddhist."""
    year = int(written) - _BUDDHIST_YEARS
    is_likely = _FIRST_YEAR <= year <= _FIRST_YEAR + 100
    return str(year) if is_likely or (is_buddhist and year > 0) else written


def _full_thai_year(match: re.Match[str]) -> str:
    """Return the four digits of a short year, Buddhist where that is not before the first text."""
    year = 2500 + int(match[1])
    return f" {year if year - _BUDDHIST_YEARS >= _FIRST_YEAR else year - 500}"


def _from_vietnamese(text: str) -> str:
    """Return a Vietnamese time in English; numbers between slashes are day and month, in this order."""
    without = _VIETNAMESE_WEEKDAY.sub(" ", text)
    translated = _VIETNAMESE_MONTH.sub(_vietnamese_month, without)
    if translated == text:
        return text
    translated = _DAY_FIRST.sub(_with_named_month, translated)
    translated = _HALF.sub(lambda half: " am" if half[1].lower().startswith("s") else " pm", translated)
    return _VIETNAMESE_FILLER.sub(" ", translated)


def _vietnamese_month(match: re.Match[str]) -> str:
    word = match[1].lower()
    month = int(word) if word.isdigit() else _VIETNAMESE_WORDS.get(word, 0)
    return f" {_ENGLISH[month - 1]} " if 1 <= month <= 12 else match[0]


def _with_named_month(match: re.Match[str]) -> str:
    day, month, year = match.groups()
    return f"{day} {_ENGLISH[int(month) - 1]} {year}" if 1 <= int(month) <= 12 else match[0]


def _month_words(months: tuple[str, ...]) -> dict[str, str]:
    return {word: f" {_ENGLISH[number]} " for number, words in enumerate(months) for word in words.split()}


_INDIC_WORDS = {
    **dict.fromkeys(_INDIC_FILLERS.split(), " "),
    **_month_words(_INDIC_MONTHS),
    **_INDIC_HALVES,
}
_INDIC_WORDS = {
    unicodedata.normalize("NFC", word).translate(_NUKTAS): english for word, english in _INDIC_WORDS.items()
}
_THAI_WORDS = {
    word.rstrip("."): english
    for word, english in {
        **dict.fromkeys((*_THAI_FILLERS.split(), *_BUDDHIST_ERA, *_COMMON_ERA), " "),
        **_month_words(_THAI_MONTHS),
    }.items()
}
_THAI_WORD = re.compile(
    "|".join(
        rf"{re.escape(word)}\.?"
        if len(word) > 2
        else rf"(?<![\u0e00-\u0e7f.]){re.escape(word)}(?:\.|(?![\u0e00-\u0e7f.]))"
        for word in sorted(_THAI_WORDS, key=len, reverse=True)
    ),
    re.IGNORECASE,
)
_VIETNAMESE_WORDS = {
    word: number for number, words in enumerate(_VIETNAMESE_NUMBERS, 1) for word in words.split("|")
}
