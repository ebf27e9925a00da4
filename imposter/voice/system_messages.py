# ruff: noqa: RUF001 - phrases of many languages
"""What stands in an exported chat and nobody typed: notices, placeholders for media, marks of the app's own.

Rules that need no language come first: on iOS all of it begins with a left-to-right mark, on Android a placeholder is a
line in angle brackets and an attachment a file's name with a remark. The phrases are for what is left.
"""

import re

LRM = "\u200e"
PLACEHOLDER = re.compile(r"<[^<>\n]{2,80}>")
ATTACHMENT = re.compile(r"\A[^\n]{1,160}\.\w{2,5} \([^()\n]{2,60}\)")
FILE = re.compile(
    r"\A[^\n]{1,160}\.(?:pdf|docx?|xlsx?|pptx?|jpe?g|png|webp|gif|mp4|mp3|opus|m4a|mov|vcf|zip|csv|apk)", re.I
)
PLACE = re.compile(
    r"\A[^\n]{0,200}https?://(?:maps\.google\.com|maps\.apple\.com|www\.google\.com/maps|foursquare\.com/v)\S*"
)
POLL = re.compile(r"\A[^\W\d_]{3,16}:\n(?s:.*)\n[^\W\d_]{3,16}: [^\n]*\(\d+ [^()\n]+\)(?s:.*)")
EDITED = re.compile(
    r"<[^<>\n]{0,40}(?:edited|bearbeitet|editó|editad|modifi|bewerkt|düzenlendi|измен|"
    r"отредакт|edytowan|upraven|redig|muokat|szerkeszt|تعديل|נערכ|diedit|"
    r"编辑|編輯|編集|수정|chỉnh sửa)[^<>\n]{0,40}>\Z",
    re.I,
)
OMITTED = re.compile(
    r"(?:image|photo|video|video note|audio|gif|sticker|document|contact card|bild|foto|dokument|kontaktkarte|imagen|"
    r"vídeo|documento|tarjeta de contacto|áudio|imagem|figurinha|contato|immagine|scheda contatto|vidéo|"
    r"fiche de contact|afbeelding|contactkaart|görüntü|ses|çıkartma|belge|kişi kartı)"
    r" (?:omitted|weggelassen|omitid[oa]|ocult[oa]|omess[oa]|omis[e]?|absente?|weggelaten|dahil edilmedi)",
    re.I,
)
PHRASES = frozenset(
    """
    this message was deleted|you deleted this message|message deleted|null
    missed voice call|missed video call|waiting for this message|waiting for this message. this may take a while
    diese nachricht wurde gelöscht|du hast diese nachricht gelöscht|verpasster sprachanruf|verpasster videoanruf
    se eliminó este mensaje|eliminaste este mensaje|este mensaje fue eliminado|llamada perdida|videollamada perdida
    mensagem apagada|esta mensagem foi apagada|você apagou esta mensagem|apagou esta mensagem
    ce message a été supprimé|vous avez supprimé ce message|appel vocal manqué|appel vidéo manqué
    questo messaggio è stato eliminato|hai eliminato questo messaggio|dit bericht is verwijderd
    je hebt dit bericht verwijderd
    bu mesaj silindi|bu mesajı sildiniz|данное сообщение удалено|вы удалили данное сообщение
    הודעה זו נמחקה|تم حذف هذه الرسالة|pesan ini dihapus|anda menghapus pesan ini
    """.replace("\n", "|")
    .replace("|    ", "|")
    .strip("| ")
    .split("|")
)
BIDI = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")


def typed(body: str) -> str:
    """What of a message its sender typed; empty where that is nothing."""
    own, mark, _ = body.partition(LRM)
    text = _unmarked(BIDI.sub("", own).strip())
    if mark and (not text or text.endswith("\u2022")):  # "report.pdf \u2022", and behind the mark its pages
        return ""
    first, _, rest = text.partition("\n")
    if PLACEHOLDER.fullmatch(first) or ATTACHMENT.fullmatch(first):
        text = rest.strip()
        if FILE.fullmatch(text):
            return ""
    return "" if _is_notice(text) else text


def _unmarked(text: str) -> str:
    """Without the remark that it was edited, which stands at the end."""
    begin = max(0, len(text) - 120)
    return text[:begin] + EDITED.sub("", text[begin:]).rstrip() if text.endswith(">") else text


def _is_notice(text: str) -> bool:
    return (
        text.rstrip(". ").casefold() in PHRASES
        or OMITTED.fullmatch(text) is not None
        or PLACE.fullmatch(text) is not None
        or POLL.fullmatch(text) is not None
    )
