"""Detection of the past tense: auxiliaries and endings of seven languages, in the spelling of `plain`."""

import re
from collections.abc import Sequence

from imposter.behaviour.phrase_matching import listed

_AUXILIARIES = {
    "hast habt hat haben hab habe bin bist ist seid sind war warst": re.compile(
        r"(?:\w{0,6}ge\w{2,20}(?:t|en)|(?:be|ver|er|ent|zer|emp)\w{2,20}(?:t|kommen|halten|gessen|standen|loren))\Z"
    ),
    "ai as avez ont avons": re.compile(r"\w{2,20}(?:[eui]|ait|is|it|ert|ees|es)\Z"),
    "has he ha han habeis habia": re.compile(r"\w{1,20}(?:ado|ido|isto|echo|uesto|ito)\Z"),
    "hai ho ha avete hanno abbiamo sei sono siete era": re.compile(
        r"\w{2,20}(?:[aui]t[oai]|tt[oa]|st[oa]|[re]s[oa]|rt[oa])\Z"
    ),
    "have has had ve": re.compile(r"\w{2,20}(?:ed|en|ought|aught|wn)\Z"),
    "heb hebt heeft hebben ben bent is": re.compile(r"(?:\w{0,6}ge\w{2,20}(?:d|t|en)|(?:be|ver|ont)\w{2,20}[dt])\Z"),
}
_BY_AUXILIARY = {word: participle for words, participle in _AUXILIARIES.items() for word in words.split()}
_FINITE = re.compile(r"\w{3,20}(?:aste|iste|asteis|isteis)\Z|\w{2,20}(?:ei|ou|eu|iu|aram|eram|iram|aron|ieron|eron)\Z")
_NOT_PAST = listed(
    "gegen gehen geben gern gerne genau gerade gesten geld genug gerne gut zeit verfugbar une quelque libre "
    "disponible quoi aussi lui celui celle dispo envie le de ce me te se ne que la du qui si au estou meu seu teu "
    "museu europeu outro pouco sou dou vou ontem rei lei sei chapeu tanto molto posto subito gatto sconto tempo "
    "questo adesso stesso invito presto conto resto posta open often even listen seven eleven ten garden then men "
    "women children kitchen"
)
_WITHIN = 3
"""Maximum number of words between an auxiliary and its participle."""
_FAR = listed("hast habt hat haben hab habe bin bist ist seid sind war warst heb hebt heeft hebben ben bent")
_WITHIN_FAR = 8
"""The same for auxiliaries whose participle is at the end of the sentence."""
_TELLERS = listed("i we he she they it just")
_TOLD = re.compile(
    r"(?:sent|bought|paid|gave|told|took|saw|went|came|got|said|forgot|wrote|made|left|found|lost|won|had|was|were|did|\w{2,20}ed)\Z"
)
_OPENING = 4
"""Number of words at the start of a sentence in which a finite verb shows its tense."""


def tells_past(words: Sequence[str]) -> bool:
    """Return whether a sentence is about the past. Takes linear time."""
    for at, word in enumerate(words):
        if at < _OPENING and word not in _NOT_PAST and _FINITE.match(word):
            return True
        if word in _TELLERS and _TOLD.match(" ".join(words[at + 1 : at + 2])):
            return True
        participle = _BY_AUXILIARY.get(word)
        behind = words[at + 1 : at + 1 + (_WITHIN_FAR if word in _FAR else _WITHIN)]
        if participle is not None and any(participle.match(each) and each not in _NOT_PAST for each in behind):
            return True
    return False
