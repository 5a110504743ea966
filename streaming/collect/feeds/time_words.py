"""Words of written dates: months, weekdays, halves of the day and fillers, as feeds write them in their languages.

All are lower case without accents, as `fold` makes them.
"""

import re
import unicodedata
from collections.abc import Iterable

# English, French, German, Spanish, Italian, Portuguese, Dutch, Hungarian, Greek; then, from CLDR: Slavic, Nordic and
# Baltic languages, Turkish, Indonesian, Romanian, Catalan, Arabic and Hebrew. Words that name two months are left out:
# Polish and Croatian do not mean the same by listopada, lis and lip.
_MONTHS = (
    "january janvier januar janner enero gennaio janeiro januari jan janv ene gen ιανουαριου ιαν января янв "
    "январь січня січ січень януари яну stycznia sty styczen ledna led leden januara sijecnja sij sijecanj "
    "ocak oca ianuarie ian tammikuuta tammi tammikuu jaanuar jaan sausio gener يناير ינואר",
    "february fevrier februar febrero febbraio fevereiro februari feb febr fevr fev φεβρουαριου φεβ февраля "
    "февр фев февраль лютого лют лютии февруари lutego lut luty unora uno unor februara veljace velj veljaca "
    "subat sub februarie helmikuuta helmi helmikuu veebruar veebr vasario febrer فبراير פברואר",
    "march mars marz marzo marco maart marcius mar mrz maerz mrt μαρτιου μαρ марта мар март березня бер "
    "березень marca marzec brezna bre brezen marec ozujka ozu ozujak mart maret mac martie marts maaliskuuta "
    "maalis maaliskuu kovo مارس מרץ",
    "april avril abril aprile aprilis apr avr abr απριλιου απρ апреля апр апрель април квітня квіт квітень "
    "kwietnia kwi kwiecien dubna dub duben aprila travnja travanj nisan nis aprilie huhtikuuta huhti huhtikuu "
    "aprill balandzio ابريل אפריל",
    "may mai mayo maggio maio mei majus mag μαιου μαι мая маи травня трав травень maja maj kvetna kve kveten "
    "svibnja svi svibanj mayıs mayis toukokuuta touko toukokuu maijs geguzes maig مايو מאי",
    "june juin juni junio giugno junho junius jun giu ιουνιου ιουν июня июн июнь юни червня черв червень "
    "czerwca cze czerwiec cervna cvn cerven juna lipnja lipanj haziran haz iunie iun kesakuuta kesa kesakuu "
    "juuni birzelio juny يونيو יוני",
    "july juillet juli julio luglio julho julius jul juil lug ιουλιου ιουλ июля июл июль юли липня лип липень "
    "lipca lipiec cervence cvc cervenec jula srpnja srpanj temmuz tem iulie iul heinakuuta heina heinakuu "
    "juuli liepos juliol يوليو יולי",
    "august aout agosto augustus augusztus aug ago αυγουστου αυγ августа авг август серпня серп серпень "
    "sierpnia sie sierpien srpna srpen augusta kolovoza kolovoz avgust avg agustos agu agustus augusti "
    "elokuuta elo elokuu rugpjucio agost اغسطس אוגוסט",
    "september septembre septiembre setiembre settembre setembro szeptember sep sept set σεπτεμβριου σεπ "
    "сентября сент сен сентябрь септември сеп вересня вер вересень wrzesnia wrz wrzesien zari rujna ruj rujan "
    "eylul eyl septembrie syyskuuta syys syyskuu rugsejo setembre سبتمبر ספטמבר",
    "october octobre oktober octubre ottobre outubro oct okt ott out οκτωβριου οκτ октября окт октябрь "
    "октомври жовтня жовт жовтень pazdziernika paz pazdziernik rijna rijen oktobra ekim eki octombrie "
    "lokakuuta loka lokakuu oktoober spalio اكتوبر אוקטובר",
    "november novembre noviembre novembro nov νοεμβριου νοε ноября нояб ноя ноябрь ноември ное листопада лист "
    "листопад listopadu novembra studenoga stu studeni kasım kasim kas noiembrie marraskuuta marras marraskuu "
    "lapkricio نوفمبر נובמבר",
    "december decembre dezember diciembre dicembre dezembro dec dez dic δεκεμβριου δεκ декабря дек декабрь "
    "декември грудня груд грудень grudnia gru grudzien prosince pro prosinec decembra prosinca prosinac "
    "aralık aralik ara desember des decembrie joulukuuta joulu joulukuu detsember gruodzio desembre ديسمبر "
    "דצמבר",
)
_WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed weds thu thur thurs fri sat sun "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim "
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so "
    "lunes martes miercoles jueves viernes sabado domingo mie jue vie sab dom "
    "lunedi martedi mercoledi giovedi venerdi sabato domenica gio "
    "segunda-feira terca-feira quarta-feira quinta-feira sexta-feira segunda terca quarta quinta sexta "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo "
    "δευ τρι τετ πεμ παρ σαβ κυρ "
    "воскресенье понедельник вторник среда четверг пятница суббота вс пн вт ср чт пт сб неділя понеділок "
    "вівторок середа четвер субота нд неделя понеделник сряда петък събота niedziela wtorek sroda czwartek "
    "piatek sobota niedz pon wt sr czw pt sob nedele pondeli utery streda ctvrtek patek ne po ut st ct pa "
    "nedelja ponedjeljak utorak srijeda cetvrtak petak subota pazar pazartesi salı sali carsamba persembe "
    "cuma cumartesi paz pzt sal car per cum cmt minggu senin selasa rabu kamis jumat sabtu min sen sel rab "
    "kam jum sab duminica luni marti miercuri joi vineri sambata vin sondag mandag tisdag onsdag torsdag "
    "fredag lordag son man tis ons tors fre lor søndag tirsdag lørdag søn tirs lør sunnuntaina maanantaina "
    "tiistaina keskiviikkona torstaina perjantaina lauantaina su ti ke to pe la sze szo seg ter qua qui sex "
    "الاحد الاثنين الثلاثاء الاربعاء الخميس الجمعة السبت "
)
MONTHS: dict[str, int] = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
WEEKDAYS = frozenset(_WEEKDAYS.split())
EAST_ASIAN_WEEKDAYS = frozenset("月火水木金土日一二三四五六월화수목금토일")
AM = ("am", "a.m.", "a.m", "a. m.", "a. m", "π.μ.", "π.μ", "πμ", "ص", "上午", "凌晨", "早上", "午前", "오전")
EVENING = "晚上"
PM = ("pm", "p.m.", "p.m", "p. m.", "p. m", "μ.μ.", "μ.μ", "μμ", "م", "下午", EVENING, "午後", "오후")


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
