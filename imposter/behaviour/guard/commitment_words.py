# ruff: noqa: E501, RUF001 - words of thirteen languages
"""Phrases that promise something, spelled as by `plain`: lower case, no accents, spaces for all other signs."""

import re
from collections.abc import Mapping, Sequence

NO = re.compile(
    r" (not|no way|never|cant|cannot|wont|dont|didnt|isnt|wouldnt|couldnt|can t|won t|don t|didn t|nobody|nope|"
    r"nicht|kein|keine|keinen|nie|niemals|pas(?! om | over )|jamais|aucun|aucune|nunca|tampoco|non|mai|nessun|"
    # alone, it is "in the" in Portuguese
    r"no(?= (puedo|voy|te|lo|la|se|creo|quiero|tengo|me|nos|es|hay|iba|podre|pago|llego|paso|vamos) )|"
    r"nao|niet|geen|nooit|не|ни|ні|nigdy|inte|aldri|degil|asla|لن|لا|ليس) "
)
REASSURING = re.compile(
    r" (no (problem|worries|prob|stress|hay problema)|not a problem|don t worry|dont worry|not at all|why not|"
    r"(gar )?kein (problem|ding|stress|thema)|keine (sorge|ursache)|warum nicht|"
    r"pas de (souci|soucis|probleme|problemes|stress)|(ne )?t inquiete( pas)?|pourquoi pas|"
    r"no te preocupes|sin problema|por que no|de nada|non (c e problema|ti preoccupare|preoccuparti)|perche no|"
    r"nao (se preocupe|tem problema|te preocupes)|sem problemas?|por que nao|"
    r"geen (probleem|zorgen|punt)|waarom niet)(?= )"
)
"""Phrases that contain a no and mean yes."""
_TIME = r"(tomorrow|tmrw|tonight|today|later|soon|morgen|heute|nachher|spater|gleich|demain|aujourd hui|ce soir|tout a l heure|bientot|manana|hoy|esta noche|luego|ahora|domani|oggi|stasera|subito|dopo|amanha|hoje|logo|ja|straks|vanavond|vandaag|zo)"

_MONEY = (
    r" (i ll|i will|ill|im gonna|i m gonna|i m going to|im going to|gonna|i can|i promise to|let me) (pay|transfer|wire|refund|reimburse|lend|venmo|paypal|buy|order|invest|send (you )?(the )?(money|cash))",
    r" (you ll get|you get) (your|the) money",
    r" (ich|werd|werde|kann)( \w+){0,4} (zahle|bezahle|uberweise|zahl|bezahl|uberweis|leihe|leih|uberweisen|bezahlen|zahlen|leihen|erstatten|kaufen|bestellen|paypale)",
    r" (uberweise|bezahle|zahle|leihe|kaufe|bestelle) ((ich )?(es|dir|euch|ihnen|das|dir das)|ich)",
    r" je (te |vous |le |la |l ){0,4}(paie|paye|paierai|payerai|vire|virerai|prete|preterai|rembourse|rembourserai|achete|acheterai|fais le virement)",
    r" je (vais|peux) (te |vous |le |la |l ){0,4}(payer|virer|preter|rembourser|acheter|faire le virement)",
    r" (te |le |os |lo |ya ){1,4}(pago|pagare|transfiero|transferire|presto|prestare|devuelvo|compro|comprare|hago la transferencia)",
    r" (voy a|puedo) (pagar|transferir|prestar|devolver|comprar)\w*",
    r" (pago yo|yo pago|pago io)",
    r" (ti |te |lo |la |glie\w* |vi ){1,4}(pago|paghero|faccio il bonifico|presto|prestero|compro|comprero|rimborso)",
    r" (posso|vado a) (pagar|prestar|comprar|rimborsar)\w*",
    r" (eu )?(te |lhe )?(pago|pagarei|transfiro|faco o pix|faco um pix|mando o pix|mando um pix|empresto|compro)",
    r" (eu )?(vou|posso) (te |lhe )?(pagar|transferir|emprestar|comprar|mandar o pix|fazer o pix|fazer um pix)",
    r" ik (\w+ ){0,2}(betaal|maak( \w+){0,3} over|leen|vergoed|koop|bestel)",
    r" ik (zal|ga|kan)( \w+){0,4} (betalen|overmaken|lenen|vergoeden|kopen|bestellen)",
    r" (заплачу|оплачу|переведу|одолжу|куплю|верну деньги|скину деньги|перекажу|позичу|поверну гроші)",
    r" (zaplace|przeleje|pozycze|kupie|oddam (ci )?(pieniadze|kase)|zrobie przelew)",
    r" (oderim|odeyecegim|odeyecem|havale ederim|para (gonderirim|gonderecegim|yollarim)|borc veririm|satin alirim)",
    r" jag (\w+ ){0,2}(betalar|swishar|lanar|koper|ska betala|ska swisha|kan betala|kommer betala)",
    r" (سادفع|سوف ادفع|ساحول|سوف احول|ساشتري|ساعطيك)",
)
_MEETING = (
    r" (i ll|i will|ill|im gonna|i m gonna|i m going to|im going to|gonna|we ll|we will|i can|i promise to) (\w+ )?(come|be there|be here|meet|pick|drop|stop by|swing by|visit|join|attend|bring|call|ring|show up|be at|be home|be back|see you at|drive|fly|help you|do it|sign|send|deliver|fix|take care|make it|wait)",
    r" (i m|im|we re) (on my way|on the way|on our way|coming|omw|almost there|heading)",
    r" (on my way|omw)",
    rf" (see|meet) (you|u|ya) ({_TIME}|there|at|on)",
    r" (let s|lets) meet",
    r" (i promise|you have my word|count me in|it s a deal|deal|i m in|im in) ",
    r" ich (\w+ ){0,3}(komme|komm|hole|hol|bringe|bring|treffe|treff|bin( \w+){0,3} (da|dort|zuhause|unterwegs)|besuche|rufe|ruf|melde|schicke|schick|helfe|verspreche|versprechs|unterschreibe|warte|fahre|mache das|kummere)",
    r" (komme|komm ich|bin|hole|hol|bringe|rufe|treffen wir uns|schicke) (gleich|morgen|heute|um|dich|dir|euch|sofort|da|unterwegs|nachher|spater|an|bald|abends|gern|gerne|mit|vorbei|dann|uns)",
    r" (treffen wir uns|wir treffen uns|wir sehen uns|sehen uns|versprochen|abgemacht) ",
    r" je (te |vous |t |l |le |la |m |en ){0,4}(viens|viendrai|passe|passerai|arrive|serai|rejoins|rejoindrai|retrouve|appelle|appellerai|apporte|ramene|recupere|promets|attends|t attends|m en occupe|occupe|envoie|enverrai|aide|suis en (route|chemin)|suis la dans)",
    r" je (vais|peux) (te |vous |t |l |le |la ){0,4}(venir|passer|rejoindre|appeler|apporter|ramener|chercher|aider|envoyer|recuperer|etre la)",
    r" (on se (voit|retrouve|rejoint)|rendez vous|rdv|j arrive|j y serai|j y vais|c est promis|promis|je serai la)",
    r" a (demain|ce soir|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) ",
    r" (nos vemos|quedamos|te veo|voy (para|de camino|enseguida|ahora|manana|a las|a tu|contigo|yo)|ya voy|ire|llegare|llego|paso (por|a)|pasare|te recojo|te llamo|te llamare|te llevo|te traigo|te lo llevo|te espero|te ayudo|te mando|te envio|lo prometo|te lo prometo|cuenta conmigo|estare|ahi estare|alli estare|trato hecho)",
    r" voy a (ir|venir|pasar|llamar|recoger|llevar|estar|ayudar|mandar|enviar|hacer)\w*",
    r" (ci vediamo|vediamoci|ci sentiamo alle|arrivo|vengo|verro|passo (da|a|io|dopo|domani|verso)|passero|ti chiamo|ti chiamero|ti aspetto|ti porto|ti vengo|ti raggiungo|ti aiuto|ti mando|ti invio|saro|sono per strada|sto arrivando|lo prometto|te lo prometto|promesso|conta su di me|affare fatto|ci saro|vado io|a domani)",
    r" (a gente se ve|te vejo|nos vemos|estou (indo|a caminho|chegando)|to (indo|a caminho|chegando)|vou (ai|agora|amanha|hoje|la|estar|passar|ir|ligar|te ligar|te buscar|te levar|buscar|levar|ajudar|te ajudar|mandar|te mandar|enviar|chegar|sim)|ja vou|chego|passo (ai|na|no|la|por)|te ligo|te busco|te espero|te mando|te ajudo|prometo|estarei|combinado|fechado|pode contar comigo|ate amanha|eu vou|eu levo|eu trago)",
    r" ik (\w+ ){0,2}(kom|haal|breng|ben( \w+){0,3} (er|daar|onderweg|thuis)|bel|zie je|ontmoet|beloof|regel|stuur|help|wacht|neem|doe het)",
    r" ik (zal|ga|kan)( \w+){0,4} (komen|halen|ophalen|brengen|bellen|zijn|helpen|sturen|regelen|meenemen|langskomen)",
    r" (приду|приеду|подъеду|заеду|зайду|позвоню|принесу|привезу|помогу|заберу|пришлю|отправлю|обещаю|буду (там|у|в|через|дома|на|ждать)|уже еду|договорились|до завтра|давай встретимся)",
    r" (прииду|приіду|зателефоную|подзвоню|привезу|допоможу|обіцяю|надішлю|буду (там|у|в|через|вдома|на)|домовились|вже іду)",
    r" (przyjde|przyjade|zadzwonie|przyniose|przywioze|pomoge|odbiore|wysle|obiecuje|bede (tam|u|o|za|w|na)|juz jade|umowione|do jutra|spotkajmy sie)",
    r" (gelirim|gelecegim|gelicem|geliyorum|orada (olurum|olacagim)|ararim|arayacagim|getiririm|getirecegim|yardim ederim|soz (veriyorum|veririm)|anlastik|yola ciktim|bulusalim)",
    r" (jag (\w+ ){0,2}(kommer|ringer|hamtar|hjalper|skickar|lovar|moter|tar med)|vi ses|jag ar pa vag|vi sager sa|det lovar jag)",
    r" (ساتي|سوف اتي|ساكون|ساتصل|ساحضر|ساساعدك|ساارسل|سارسل|اعدك|انا في الطريق|اتفقنا|نلتقي غدا)",
    r" (kom eraan|onderweg|tot (morgen|straks|vanavond|zo|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag)|we zien elkaar|we spreken af|afgesproken|beloofd)",
)
_DAYS = re.compile(
    r" ((on |am |next |this |kommenden |nachsten )?(monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|tmrw|"
    r"montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|morgen (fruh|abend|mittag|nachmittag|um)|ubermorgen|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|demain|apres demain|"
    r"lunes|martes|miercoles|jueves|viernes|sabado|domingo|pasado manana|"
    r"lunedi|martedi|mercoledi|giovedi|venerdi|sabato|domenica|domani|dopodomani|"
    r"segunda feira|terca feira|quarta feira|quinta feira|sexta feira|amanha|"
    r"maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|overmorgen))(?= )"
)
_PLACES = re.compile(
    r" (at my (place|house|office|flat|apartment)|my place|my address is|i live (at|in|on)|meet (me |you )?at|outside (the|your)|in front of (the|your)|"
    r"bei mir|vor dem \w+|am (bahnhof|flughafen|eingang|hauptbahnhof)|meine adresse|ich wohne|"
    r"chez moi|devant (la|le|l)|a la gare|mon adresse|j habite|"
    r"en mi casa|mi direccion|vivo en|delante de|en la (estacion|entrada)|"
    r"a casa mia|da me|il mio indirizzo|abito|davanti (al|alla)|in stazione|"
    r"na minha casa|la em casa|meu endereco|moro (na|no|em)|em frente|na estacao|"
    r"bij mij|mijn adres|ik woon|voor (de|het) (ingang|station|deur)|op het station)(?= )"
)
RULES: Mapping[str, Sequence[re.Pattern[str]]] = {
    "money": [re.compile(f"(?:{rule})(?= )") for rule in _MONEY],
    "meeting": [re.compile(f"(?:{rule})(?= |$)") for rule in _MEETING],
    "place": [_PLACES],
    "time": [_DAYS],
}
"""Phrases that commit, by kind, for a sentence between two spaces."""
PROMISES = ("money", "meeting")
"""Kinds that may only be repeated after the owner."""
BARE_HOURS = r"at|um|gegen|ab|à|a las|las|sobre las|alle|verso le|às|as|lá pelas|om|rond|around|by|until|till|bis|vers"
STREETS = (
    r"\b[^\W\d]{2,30}(?:straße|strasse|str\.|weg|platz|allee|gasse|ufer|damm|straat|laan|plein|gracht)\s?\d{1,4}\b",
    r"\b\d{1,5} (?:[^\W\d]{2,20} ){1,3}(?:street|st|road|rd|avenue|ave|lane|ln|drive|court|square)\b",
    r"\b(?:rue|avenue|boulevard|calle|avenida|via|viale|corso|rua|plaza|piazza|praça)(?: [^\W\d]{2,20}){1,4},? \d{1,5}\b",
    r"\b\d{1,5},? (?:rue|avenue|boulevard) (?:[^\W\d]{2,20} ?){1,4}",
)
_SPELLED = {
    "en": "one two three four five six seven eight nine ten eleven twelve",
    "de": "eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
    "fr": "un deux trois quatre cinq six sept huit neuf dix onze douze",
    "es": "uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "it": "uno due tre quattro cinque sei sette otto nove dieci undici dodici",
    "pt": "um dois tres quatro cinco seis sete oito nove dez onze doze",
    "nl": "een twee drie vier vijf zes zeven acht negen tien elf twaalf",
}
_TENS = {
    "20": "twenty zwanzig vingt veinte venti vinte twintig",
    "30": "thirty dreissig trente treinta trenta trinta dertig",
    "40": "forty vierzig quarante cuarenta quaranta quarenta veertig",
    "50": "fifty funfzig cinquante cincuenta cinquanta cinquenta vijftig",
    "60": "sixty sechzig soixante sesenta sessanta sessenta zestig",
    "100": "hundred hundert cent cien cento cem honderd",
    "200": "zweihundert doscientos duecento duzentos tweehonderd",
    "500": "funfhundert quinientos cinquecento quinhentos vijfhonderd",
    "1000": "thousand tausend mille mil duizend",
}
NUMBERS: Mapping[str, str] = {
    word: str(number) for words in _SPELLED.values() for number, word in enumerate(words.split(), 1)
} | {word: number for number, words in _TENS.items() for word in words.split()}
