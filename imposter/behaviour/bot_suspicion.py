# ruff: noqa: E501, RUF001 - words of eleven languages
"""Detection of the question whether the contact is talking to a machine, and possible answers by language.

Precise rather than complete: talking about bots, or asking for an answer, is not a match.
"""

import re
from collections.abc import Mapping

from imposter.behaviour.text_normalization import plain, skeleton

_ASKED: Mapping[str, tuple[str, ...]] = {
    "en": (
        r"(are|r) (you|u|ya) (really |even |actually )?(a |an )?(chat ?|ro)?bot",
        r"(are|r) (you|u) (really |even |actually )?(a |an )?(ai|machine|computer|program|real(?! )|human(?! )|chatgpt|real person)",
        r"am i (talking|speaking|chatting|writing|texting) (to|with) (a |an )?((chat ?|ro)?bot|ai|machine|computer)",
        r"is this (a |an )?((chat ?|ro)?bot|ai|automated|automatic|chatgpt|machine|auto ?reply)",
        r"(you|u) (are|re|r) (a |an )?((chat ?|ro)?bot|ai|machine)",
        r"(you|u) sound like (a |an )?((chat ?|ro)?bot|ai|machine|chatgpt)",
        r"is this (really|actually) you",
    ),
    "de": (
        r"bist (du|das) (eigentlich |wirklich |echt |etwa |nur |vielleicht ){0,4}(ein |eine |n |ne )?((chat ?|ro)?bot|ki|maschine|computer|roboter|mensch(?! )|echt(?! ))",
        r"(schreibe|rede|spreche|chatte) ich (hier |gerade |etwa |eigentlich ){0,4}mit (einem|einer|nem|ner|ein|ner) ((chat ?|ro)?bot|ki|maschine|computer|roboter)",
        r"ist das (hier |etwa |eigentlich ){0,4}(ein |eine |n |ne )?((chat ?|ro)?bot|ki|automatische antwort|maschine)",
        r"du bist (doch |ja |wohl ){0,4}(ein |eine |n |ne )?((chat ?|ro)?bot|ki|maschine|roboter)",
        r"bist das (wirklich |echt )du",
        r"bist du das (wirklich|echt(?! )|selbst)",
    ),
    "fr": (
        r"(es tu|tu es|t es|etes vous|vous etes) (vraiment |bien )?(un |une )?(robot|bot|chatbot|ia|machine|humain(?! )|vrai personne|vraie personne)",
        r"(je|j) (parle|ecris|discute) (a|avec) (un |une )?(robot|bot|chatbot|ia|machine)",
        r"c est (un |une )?(robot|bot|chatbot|ia|reponse automatique)",
        r"c est (vraiment|bien) toi",
    ),
    "es": (
        r"(eres|es usted|sos) (realmente |de verdad )?(un |una )?(robot|bot|chatbot|ia|maquina|humano(?! )|persona real)",
        r"(estoy )?(hablo|hablando|escribiendo|chateando) con (un |una )?(robot|bot|chatbot|ia|maquina)",
        r"(esto )?es (un |una )?(robot|bot|chatbot|respuesta automatica)",
        r"(de verdad|realmente) eres tu",
    ),
    "it": (
        r"sei (davvero |veramente )?(un |una |un )?(robot|bot|chatbot|ia|macchina|umano(?! )|persona vera)",
        r"(sto )?(parlo|parlando|scrivendo|chattando) con (un |una )?(robot|bot|chatbot|ia|macchina)",
        r"(questo )?e (un |una )?(robot|bot|chatbot|risposta automatica)",
        r"sei (davvero|veramente) tu",
    ),
    "pt": (
        r"(voce e|vc e|tu es|es) (mesmo |realmente )?(um |uma )?(robo|robot|bot|chatbot|ia|maquina|humano(?! )|pessoa de verdade)",
        r"(estou |to )?(falo|falando|a falar|conversando) com (um |uma )?(robo|robot|bot|chatbot|ia|maquina)",
        r"(isso e|isto e) (um |uma )?(robo|robot|bot|chatbot|resposta automatica)",
        r"e voce mesmo",
    ),
    "nl": (
        r"ben (je|jij|u) (echt |eigenlijk )?(een |n )?(robot|bot|chatbot|ai|machine|computer|mens(?! )|echt(?! ))",
        r"(praat|schrijf|chat) ik (met|tegen) (een |n )?(robot|bot|chatbot|ai|machine|computer)",
        r"is dit (een |n )?(robot|bot|chatbot|automatisch antwoord)",
        r"ben jij (het|dit) (echt|zelf)",
    ),
    "pl": (
        r"(czy )?(ty )?(jestes) (naprawde )?(botem|robotem|chatbotem|sztuczna inteligencja|maszyna|czlowiekiem(?! )|prawdziwy(?! ))",
        r"(czy )?(rozmawiam|pisze) z (botem|robotem|chatbotem|maszyna)",
        r"(czy )?to (jest )?(bot|robot|chatbot|automat)",
        r"(czy )?to (naprawde )?ty",
    ),
    "tr": (
        r"(sen )?(gercekten )?(bir )?(bot|robot|chatbot|yapay zeka|makine) (musun|misin|mi sin|mi)",
        r"(bir )?(bot|robot|makine|yapay zeka) ile mi (konusuyorum|yazisiyorum)",
        r"gercekten sen misin",
    ),
    "ru": (
        r"(ты|вы) (правда |реально )?(бот|робот|чат бот|чатбот|ии|машина|человек(?! ))",
        r"(я )?(говорю|общаюсь|переписываюсь|разговариваю) с (ботом|роботом|машиной|чат ботом)",
        r"это (бот|робот|чат бот|автоответчик)",
        r"это (правда|точно|действительно) ты",
    ),
    "ar": (
        r"(هل )?(انت|أنت) (فعلا )?(بوت|روبوت|روبوط|اله|آلة|ذكاء اصطناعي|انسان|إنسان|حقيقي(?! ))",
        r"(هل )?(اتكلم|أتكلم|اتحدث|أتحدث) مع (بوت|روبوت|اله|آلة)",
    ),
}
_WHOLE = {language: re.compile(rf"(?<!\S)(?:{'|'.join(forms)})(?!\S)") for language, forms in _ASKED.items()}
LONGEST = 200
"""Characters. The question is asked in a sentence, not in an essay."""

HONEST: Mapping[str, str] = {
    "en": "Yes, this is an automatic assistant that answers for me. I read along and will get back to you myself.",
    "de": "Ja, hier antwortet ein automatischer Assistent für mich. Ich lese mit und melde mich selbst.",
    "fr": "Oui, c'est un assistant automatique qui répond pour moi. Je lis aussi et je te réponds moi-même.",
    "es": "Sí, es un asistente automático que responde por mí. Yo también leo y te contesto en persona.",
    "it": "Sì, è un assistente automatico che risponde per me. Leggo anch'io e ti rispondo di persona.",
    "pt": "Sim, é um assistente automático que responde por mim. Também leio e respondo pessoalmente.",
    "nl": "Ja, dit is een automatische assistent die voor mij antwoordt. Ik lees mee en reageer zelf nog.",
    "pl": "Tak, to automatyczny asystent, który odpowiada za mnie. Też to czytam i odezwę się osobiście.",
    "tr": "Evet, bu benim yerime yanıt veren otomatik bir asistan. Ben de okuyorum ve sana kendim yazacağım.",
    "ru": "Да, за меня отвечает автоматический помощник. Я тоже читаю и отвечу лично.",
    "ar": "نعم، هذا مساعد آلي يرد نيابة عني. أنا أقرأ أيضا وسأرد بنفسي.",
}
DEFLECT: Mapping[str, str] = {
    "en": "Haha, why do you ask?",
    "de": "Haha, wie kommst du denn darauf?",
    "fr": "Haha, pourquoi tu demandes ça ?",
    "es": "Jaja, ¿por qué lo preguntas?",
    "it": "Haha, perché me lo chiedi?",
    "pt": "Haha, por que a pergunta?",
    "nl": "Haha, hoezo vraag je dat?",
    "pl": "Haha, a skąd to pytanie?",
    "tr": "Haha, neden sordun?",
    "ru": "Ха-ха, а почему ты спрашиваешь?",
    "ar": "هههه، لماذا تسأل؟",
}


def asks_if_bot(text: str) -> str | None:
    """Return the language in which the text asks whether it is answered by a machine. None if it does not."""
    if len(text) > LONGEST:
        return None
    said = dict.fromkeys((plain(text), skeleton(text)))
    return next((language for language, form in _WHOLE.items() if any(map(form.search, said))), None)
