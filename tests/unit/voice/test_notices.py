# ruff: noqa: RUF001 - phrases of many languages
"""What WhatsApp writes by itself into an export is known in its languages, and by its form in any other."""

import pytest

from imposter.voice.system_messages import Kind, classified, learned, typed

DELETED = (
    "This message was deleted.", "You deleted this message", "This message was deleted by admin Mia",
    "This message was deleted by an admin.", "You deleted this message as admin",
    "Diese Nachricht wurde gelöscht.", "Du hast diese Nachricht gelöscht.", "Esta mensagem foi eliminada",
    "Eliminou esta mensagem", "Mensagem apagada", "Ta wiadomość została usunięta", "Det här meddelandet togs bort",
    "Denne besked blev slettet", "Tato zpráva byla odstraněna", "このメッセージは削除されました", "此訊息已刪除",
    "삭제된 메시지입니다", "이 메시지는 삭제되었습니다", "Questo messaggio è stato eliminato",
    "Ce message a été supprimé", "Se eliminó este mensaje.", "Bu mesaj silindi", "Данное сообщение удалено",
    "Це повідомлення було видалено", "הודעה זו נמחקה", "تم حذف هذه الرسالة", "این پیام حذف شد",
    "یہ پیغام حذف کیا گیا", "यह संदेश मिटाया गया",
    "এই বার্তাটি মুছে ফেলা হয়েছে", "ข้อความนี้ถูกลบแล้ว", "Tin nhắn này đã bị xóa", "Pesan ini telah dihapus",
    "Mesej ini telah dipadam", "Tämä viesti poistettiin.", "Denne meldingen ble slettet.",
    "Ez az üzenet törlésre került", "Acest mesaj a fost șters", "Ova poruka je izbrisana", "Ова порука је обрисана",
    "Съобщението беше изтрито", "Αυτό το μήνυμα διαγράφηκε", "Aquest missatge s'ha suprimit",
    "Aquest missatge s’ha suprimit",
    "Hierdie boodskap was uitgevee", "Ujumbe huu ulifutwa", "这条消息已被删除。", "See sõnum on kustutatud",
    "Ši žinutė buvo ištrinta", "Šī ziņa tika izdzēsta", "To sporočilo je bilo izbrisano", "Táto správa bola odstránená",
)  # fmt: skip
CALLS = (
    "Missed voice call", "Verpasster Sprachanruf", "Llamada perdida", "Chamada de vídeo perdida", "Appel vocal manqué",
    "Nieodebrane połączenie głosowe", "Zmeškaný videohovor", "不在着信", "부재중 전화", "未接语音通话", "Cuộc gọi nhỡ",
    "Пропущенный аудиозвонок", "मिस्ड वॉइस कॉल", "مكالمة صوتية فائتة", "Cevapsız sesli arama", "Missat röstsamtal",
)  # fmt: skip
PLACES = (
    "live location shared", "Live-Standort wird geteilt", "ubicación en tiempo real compartida",
    "localização atual compartilhada", "Localisation en direct partagée", "canlı konum paylaşıldı", "共享实时位置",
    "location: https://maps.google.com/?q=1,2", "Marktplatz\nAltstadt\nlocation: https://maps.google.com/?q=50.1,8.6",
    "Standort: https://maps.google.com/?q=50.1,8.6", "https://maps.google.com/?q=-50.1,8.6",
    "Cafe (Berlin): https://foursquare.com/v/4b0", "位置: https://maps.google.com/?q=50.1,8.6",
)  # fmt: skip
MEDIA = (
    "<Media omitted>", "<\u200eimmagine omessa>", "<Medien ausgeschlossen>", "<gar nichts Bekanntes>", "image omitted",
    "bild utelämnad", "ljud uteslutet", "imagen omitida", "Bild weggelassen", "изображение отсутствует", "圖片已略去",
    "IMG-20241231-WA0001.jpg (file attached)", "IMG-20241231-WA0001.jpg (fichier joint)", "IMG-20241231-WA0001.jpg",
    "PTT-20241231-WA0001.opus (archivo adjunto)", "Rechnung 12.pdf (Datei angehängt)", "a.sldprt (bestand bijgevoegd)",
    "IMG-20241231-WA0001.jpg（文件附件）", "2015-08-04-PHOTO-00004762.jpg <\u200eattached>",
    "2015-08-04-PHOTO-00004762.jpg <\u200eangehängt>", "\u200e<attached: 00000042-PHOTO-2023-01-01-10-00-00.jpg>",
    "\u200e<Anhang: 00000042-STICKER-2023-01-01-10-00-00.webp>",
    "report.pdf \u2022 \u200e12 pages \u200edocument omitted",
    "report.pdf (file attached)\nreport.pdf", "Mia.vcf (ملف مرفق)",
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "bodies"),
    [(Kind.DELETED, DELETED), (Kind.CALL, CALLS), (Kind.LOCATION, PLACES), (Kind.MEDIA, MEDIA)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_app_wrote_is_nobodys_words(kind: Kind, bodies: tuple[str, ...]) -> None:
    wrong = {body: found for body in bodies if (found := classified(body)) != (kind, "")}
    assert not wrong
    assert not {body for body in bodies if typed(f"\u200e{body}")}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("at eight \u200e<This message was edited>", "at eight"),
        ("at eight <This message was edited>", "at eight"),
        ("um acht <Diese Nachricht wurde bearbeitet>", "um acht"),
        ("a las ocho <Se editó este mensaje.>", "a las ocho"),
        ("às oito <Mensagem editada>", "às oito"),
        ("às oito <Esta mensagem foi editada>", "às oito"),
        ("à huit heures \u200e<Ce message a été modifié>", "à huit heures"),
        ("alle otto <Questo messaggio è stato modificato>", "alle otto"),
        ("о восьмой <Это сообщение изменено>", "о восьмой"),
        ("八点 <此消息已编辑>", "八点"),
        ("בשמונה <ההודעה נערכה>", "בשמונה"),
        ("whatever language \u200e<xyz qrs tuv>", "whatever language"),
        ("look at this\n\u200eimage omitted", "look at this"),
        ("look at this \u200e<attached: 00000042-PHOTO-2023.jpg>", "look at this"),
        ("<Media omitted>\nlook at this", "look at this"),
        ("IMG-20241231-WA0001.jpg (file attached)\nlook at this", "look at this"),
        ("left \u200eto right in the middle", "left to right in the middle"),
        ("\u2068@Mia\u2069 come", "@Mia come"),
    ],
)
def test_what_stands_beside_the_words_is_left_out(body: str, words: str) -> None:
    assert classified(body) == (Kind.TEXT, words)


@pytest.mark.parametrize(
    "body",
    [
        "I love you <3", "1 < 2 and 3 > 2", "this message was deleted, wasn't it?", "you deleted this message? why",
        "he missed a voice call", "see main.py (the second one)", "example.com (the office)", "come here: https://maps.example.org/x",
        "wir sind hier https://maps.google.com/?q=50.1,8.6 kommt", "write <name> here", "image omitted again and again",
        "<b", "a <b> c", "POLL: who comes?", "edited", "nobody edited it",
    ],
)  # fmt: skip
def test_what_somebody_typed_stays(body: str) -> None:
    assert classified(body) == (Kind.TEXT, body)


def test_what_a_file_shows_to_be_the_apps_is_known_where_its_mark_is_missing() -> None:
    bodies = ["\u200eQwe rty uiop", "hi \u200e<asd fgh>", "a <zxc vbn>", "b <zxc vbn>", "c <zxc vbn>"]
    seen = learned(bodies)
    assert classified("Qwe rty uiop.", seen) == (Kind.OTHER, "")
    assert classified("well <asd fgh>", seen) == (Kind.TEXT, "well")
    assert classified("well <zxc vbn>", seen) == (Kind.TEXT, "well")
    assert classified("well <qwe vbn>", seen) == (Kind.TEXT, "well <qwe vbn>")
