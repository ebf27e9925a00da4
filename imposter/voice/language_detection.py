# ruff: noqa: RUF001 - words of many languages
"""Words, and what language they are of: by script, and by the small words that every sentence of a language has.

No library tells the language of `ok bis gleich`; over a few hundred messages these lists do.
"""

import re
from collections import Counter
from collections.abc import Iterator

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
"""Of languages without blanks between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""

_COMMON = {
    "en": "the and is to of you i it that in for on with have be this not are was what do my me your we can so just if",
    "de": "der die das und ist nicht ich du zu es ein eine wir mit auf für dass auch noch mal ja schon was wie aber",
    "es": "el la los las que y es no un una por para con lo como pero te mi si ya muy está esta yo eso",
    "fr": "le la les et est pas je tu un une pour avec que qui dans mais ça ce on suis c'est j'ai mon ton bien moi",
    "it": "il la che di è e non un una per con ma mi ti sono come anche più ho hai questo cosa poi ora bene si ci gli",
    "pt": "o a que e não um uma para com por mas eu você se tá está vou meu muito isso hoje ele ela mais também só já",
    "nl": "de het een en is niet ik je van dat op te met voor maar ook nog wel heb ben zijn we wat dan nu zo",
    "pl": "nie to jest się i w na z że do co jak ale tak ja czy już mnie ci tylko mam będzie jeszcze",
    "tr": "bir ve bu da de ne ben sen var yok için ama çok mi mı evet hayır şimdi daha olarak gibi",
    "id": "yang dan di ini itu aku kamu tidak gak ada ke dari untuk sudah udah lagi bisa juga sama mau apa ya",
    "sv": "och är det att jag inte en ett på som du har för med men vi ska kan så bara nu",
    "da": "og er det at jeg ikke en et på som du har for med men vi skal kan så bare nu af",
    "fi": "ja on ei se että mutta en minä sinä niin nyt kun olen mä sä kyllä tämä",
    "ru": "и в не на я что ты с это как а но у меня да нет так все мы был есть еще уже",
    "uk": "і в не на я що ти з це як але у мене так ні ми є ще вже із",
}
COMMON = {language: frozenset(listed.split()) for language, listed in _COMMON.items()}

SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("el", re.compile("[\u03b1-\u03c9\u0391-\u03a9]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("arabic script", re.compile("[\u0620-\u06ff]")),
    ("devanagari script", re.compile("[\u0900-\u097f]")),
)

_GREETINGS = """
    hi hey hello yo hiya heya morning hallo moin servus grüß grüße hola buenas buenos salut coucou bonjour bonsoir
    ciao buongiorno
    buonasera salve oi olá ola opa hoi goedemorgen cześć hej siema selam merhaba halo hai hejsan moi terve привет
    здравствуйте привіт היי שלום مرحبا هلا namaste szia ahoj
"""
_CLOSINGS = """
    bye cheers thanks thx xx xxx x cu cya later night lg vg mfg gruß tschüss tschüß ciao bussi danke adiós adios
    chao besos abrazo gracias
    bisous bises bisou merci tchau beijo beijos bjs abraço obrigado obrigada baci bacio grazie groetjes doei kusje
    bedankt pozdrawiam
    buziaki pa öptüm görüşürüz пока спасибо kram hejdå puss
"""
GREETINGS = frozenset(_GREETINGS.split())
CLOSINGS = frozenset(_CLOSINGS.split())
"""Words that everybody uses: a profile may name them without telling what was said to whom."""


def words(text: str) -> list[str]:
    """In small letters."""
    return [word.casefold().replace("\u2019", "'") if "ß" not in word else word.lower() for word in WORD.findall(text)]


def terms(text: str) -> Iterator[str]:
    """What texts are compared by: words, and pairs of characters where no blanks tell the words."""
    for word in words(text):
        if UNSPACED.search(word):
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            yield word


def language_of(text: str) -> str | None:
    """None where too little tells."""
    sample = text[:500]
    for language, script in SCRIPTS:
        if script.search(sample):
            return language
    known = words(sample)
    hits = Counter({language: sum(word in common for word in known) for language, common in COMMON.items()})
    (best, most), (_, next_most) = hits.most_common(2)
    return best if most > next_most else None
