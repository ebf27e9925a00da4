# ruff: noqa: RUF001 - phrases of many languages
"""What WhatsApp writes by itself into an exported chat, by language.

The source is WhatsApp's own interface: on Android the strings `revoked_msg_incoming`, `revoked_msg_outgoing`,
`missed_voice_call`, `video_missed_call`, `email_live_location_message` and `export_media_omitted`, on iOS the same of
`Localizable.strings`, as exported chats and open-source readers of these show them. Older wordings are kept. `{}` is
where a name stands. Case, full stops and blanks at the end do not matter.
"""

from collections.abc import Mapping

DELETED: Mapping[str, str] = {
    "af": "Hierdie boodskap was uitgevee|Hierdie boodskap is uitgevee|Jy het boodskap uitgevee|"
    "Jy het hierdie boodskap uitgevee",
    "ar": "تم حذف هذه الرسالة|أنت حذفت هذه الرسالة|لقد حذفت هذه الرسالة|حذفت هذه الرسالة",
    "az": "Bu ismarıc silindi|Siz bu ismarıcı sildiniz|Bu mesaj silinib|Siz bu mesajı sildiniz",
    "bg": "Съобщението беше изтрито|Това съобщение беше изтрито|Изтрихте това съобщение|Вие изтрихте това съобщение",
    "bn": "এই মেসেজটি বাদ দেওয়া হয়েছে|এই বার্তাটি মুছে ফেলা হয়েছে|এই মেসেজটি মুছে ফেলা হয়েছে|"
    "আপনি এই মেসেজটি বাদ দিয়েছেন|আপনি এই বার্তাটি মুছে ফেলেছেন|আপনি এই মেসেজটি মুছে ফেলেছেন",
    "ca": "Aquest missatge s'ha suprimit|S'ha suprimit aquest missatge|Aquest missatge està esborrat|"
    "S'ha eliminat aquest missatge|Has suprimit aquest missatge|Has esborrat aquest missatge|"
    "Has eliminat aquest missatge",
    "cs": "Tato zpráva byla odstraněna|Tato zpráva byla smazána|Zpráva byla odstraněna|Tuto zprávu jste odstranil/a|"
    "Tuto zprávu jste smazal/a|Tuto zprávu jste odstranili|Tuto zprávu jste smazali|Smazali jste tuto zprávu|"
    "Odstranili jste tuto zprávu",
    "da": "Denne besked blev slettet|Denne besked er blevet slettet|Denne besked er slettet|Du slettede denne besked|"
    "Du har slettet denne besked",
    "de": "Diese Nachricht wurde gelöscht|Du hast diese Nachricht gelöscht|"
    "Diese Nachricht wurde von Admin {} gelöscht|Diese Nachricht wurde vom Admin {} gelöscht|"
    "Du hast diese Nachricht als Admin gelöscht",
    "el": "Αυτό το μήνυμα διαγράφηκε|Το μήνυμα διαγράφηκε|Διαγράψατε αυτό το μήνυμα|Διαγράψατε το μήνυμα",
    "en": "This message was deleted|You deleted this message|Message deleted|This message was deleted by admin {}|"
    "This message was deleted by an admin|You deleted this message as admin|This message has been deleted",
    "es": "Se eliminó este mensaje|Eliminaste este mensaje|Este mensaje fue eliminado|Mensaje eliminado|"
    "Se ha eliminado este mensaje|Has eliminado este mensaje|El admin. {} eliminó este mensaje|"
    "El administrador {} eliminó este mensaje|Este mensaje fue eliminado por el admin. {}|"
    "Eliminaste este mensaje como admin.",
    "et": "See sõnum on kustutatud|See sõnum kustutati|Kustutasid selle sõnumi|Sa kustutasid selle sõnumi",
    "fa": "این پیام حذف شده است|این پیام حذف شد|شما این پیام را حذف کردید|این پیام پاک شد|شما این پیام را پاک کردید",
    "fi": "Tämä viesti poistettiin|Tämä viesti on poistettu|Poistit tämän viestin",
    "fil": "Itong mensahe ay binura na|Binura ang mensaheng ito|Binura mo itong mensahe|Binura mo ang mensaheng ito|"
    "Na-delete ang mensaheng ito|Na-delete mo ang mensaheng ito",
    "fr": "Ce message a été supprimé|Vous avez supprimé ce message|Message supprimé|"
    "Ce message a été supprimé par l'admin {}|Ce message a été supprimé par un admin|"
    "Vous avez supprimé ce message en tant qu'admin|Tu as supprimé ce message",
    "ga": "Scriosadh an teachtaireacht seo|Scrios tú an teachtaireacht seo",
    "gu": "આ મેસેજ ડિલીટ કરાયો|આ સંદેશ રદ્દ કરાયો|તમે આ મેસેજ ડિલીટ કર્યો|તમે આ સંદેશને રદ્દ કર્યો|"
    "આ મેસેજ ડિલીટ કરવામાં આવ્યો હતો|આ મેસેજ ડિલીટ કરવામાં આવ્યો",
    "he": "הודעה זו נמחקה|ההודעה נמחקה|ההודעה הזו נמחקה|מחקת הודעה זו|מחקת את ההודעה הזו|מחקת את ההודעה",
    "hi": "यह मैसेज डिलीट कर दिया गया है|यह मैसेज डिलीट कर दिया गया|यह संदेश मिटाया गया|यह संदेश हटा दिया गया|"
    "आपने यह मैसेज डिलीट किया|आपने यह मैसेज डिलीट कर दिया|आपने यह संदेश मिटाया|आपने यह संदेश हटा दिया",
    "hr": "Ova je poruka izbrisana|Ova poruka je izbrisana|Izbrisali ste ovu poruku",
    "hu": "Ez az üzenet törlésre került|Ezt az üzenetet törölték|Törölted ezt az üzenetet|Ezt az üzenetet törölted",
    "id": "Pesan ini dihapus|Pesan ini telah dihapus|Anda menghapus pesan ini|Anda telah menghapus pesan ini|"
    "Pesan ini dihapus oleh admin {}|Pesan dihapus",
    "it": "Questo messaggio è stato eliminato|Hai eliminato questo messaggio|Messaggio eliminato|"
    "Questo messaggio è stato eliminato dall'amministratore {}|Questo messaggio è stato eliminato da un amministratore",
    "ja": "このメッセージは削除されました|このメッセージを削除しました|メッセージは削除されました|"
    "あなたはこのメッセージを削除しました|メッセージを削除しました",
    "kk": "Бұл хат жойылды|Бұл хабар жойылды|Сіз бұл хатты жойдыңыз|Сіз бұл хабарды жойдыңыз",
    "kn": "ಈ ಸಂದೇಶವು ಅಳಿಸಲ್ಪಟ್ಟಿದೆ|ಈ ಸಂದೇಶವನ್ನು ಅಳಿಸಲಾಗಿದೆ|ನೀವು ಈ ಸಂದೇಶವನ್ನು ಅಳಿಸಿದ್ದೀರಿ|ನೀವು ಈ ಸಂದೇಶವನ್ನು ಅಳಿಸಿರುವಿರಿ",
    "ko": "이 메시지는 삭제되었습니다|삭제한 메시지입니다|이 메시지를 삭제했습니다|삭제된 메시지입니다|"
    "이 메시지는 삭제됐습니다|메시지가 삭제되었습니다",
    "lt": "Ši žinutė buvo ištrinta|Ši žinutė ištrinta|Jūs ištrynėte šią žinutę|Ištrynėte šią žinutę",
    "lv": "Šī ziņa tika izdzēsta|Šis ziņojums tika izdzēsts|Jūs izdzēsāt šo ziņu|Jūs izdzēsāt šo ziņojumu",
    "mk": "Оваа порака беше избришана|Ја избриша оваа порака|Ја избришавте оваа порака|Пораката е избришана",
    "ml": "ഈ സന്ദേശം ഇല്ലാതാക്കിയതാണ്|ഈ സന്ദേശം ഇല്ലാതാക്കി|ഈ സന്ദേശം നിങ്ങൾ ഇല്ലാതാക്കി|നിങ്ങൾ ഈ സന്ദേശം ഇല്ലാതാക്കി",
    "mr": "हा मेसेज हटवण्यात आला|हा संदेश हटविण्यात आला होता|हा मेसेज हटवला गेला|तुम्ही हा मेसेज हटवला|आपण हा संदेश हटविलात",
    "ms": "Mesej ini telah dipadam|Mesej ini telah dipadamkan|Mesej ini dipadam|Anda telah memadamkan mesej ini|"
    "Anda memadamkan mesej ini|Anda telah memadam mesej ini",
    "nb": "Denne meldingen ble slettet|Denne meldingen er slettet|Du slettet denne meldingen",
    "nl": "Dit bericht is verwijderd|U hebt dit bericht verwijderd|Je hebt dit bericht verwijderd|"
    "U heeft dit bericht verwijderd|Dit bericht is verwijderd door beheerder {}|Bericht verwijderd",
    "pa": "ਇਸ ਸੁਨੇਹੇ ਨੂੰ ਹਟਾਇਆ ਗਿਆ|ਇਹ ਸੁਨੇਹਾ ਹਟਾਇਆ ਗਿਆ|ਤੁਸੀਂ ਇਹ ਸੁਨੇਹਾ ਹਟਾਇਆ|ਇਹ ਸੁਨੇਹਾ ਮਿਟਾਇਆ ਗਿਆ",
    "pl": "Ta wiadomość została usunięta|Wiadomość została usunięta|Usunąłeś(-ęłaś) tę wiadomość|"
    "Usunąłeś(aś) tę wiadomość|Usunięto tę wiadomość|Usunąłeś tę wiadomość|Usunęłaś tę wiadomość|Usunięto wiadomość|"
    "Twoja wiadomość została usunięta",
    "pt": "Mensagem apagada|Esta mensagem foi apagada|Você apagou esta mensagem|Apagou esta mensagem|"
    "Esta mensagem foi eliminada|Eliminou esta mensagem|Esta mensagem foi apagada pelo remetente|Mensagem eliminada|"
    "Você eliminou esta mensagem|Esta mensagem foi apagada pelo admin {}|Esta mensagem foi apagada por um admin|"
    "Esta mensagem foi eliminada pelo administrador {}|Apagaste esta mensagem|Eliminaste esta mensagem",
    "ro": "Acest mesaj a fost șters|Ați șters acest mesaj|Ai șters acest mesaj|Mesaj șters|Acest mesaj a fost şters|"
    "Aţi şters acest mesaj",
    "ru": "Данное сообщение удалено|Вы удалили данное сообщение|Это сообщение удалено|Вы удалили это сообщение|"
    "Сообщение удалено|Это сообщение удалил админ {}|Сообщение удалено админом {}|Это сообщение было удалено",
    "sk": "Táto správa bola odstránená|Táto správa bola vymazaná|Túto správu ste odstránili|Túto správu ste vymazali|"
    "Odstránili ste túto správu",
    "sl": "To sporočilo je bilo izbrisano|Sporočilo je bilo izbrisano|To sporočilo ste izbrisali|"
    "Izbrisali ste to sporočilo",
    "sq": "Ky mesazh u fshi|Ky mesazh është fshirë|Ju e fshitë këtë mesazh|Fshitë këtë mesazh|Ke fshirë këtë mesazh",
    "sr": "Ова порука је обрисана|Ова порука је избрисана|Обрисао/ла си ову поруку|Обрисали сте ову поруку|"
    "Избрисали сте ову поруку|Ova poruka je obrisana|Obrisali ste ovu poruku",
    "sv": "Detta meddelande raderades|Det här meddelandet raderades|Det här meddelandet togs bort|"
    "Meddelandet togs bort|Meddelandet raderades|Du har tagit bort meddelandet|Du raderade det här meddelandet|"
    "Du raderade detta meddelande|Du tog bort det här meddelandet|Du har tagit bort det här meddelandet",
    "sw": "Ujumbe huu ulifutwa|Ujumbe huu umefutwa|Umefuta ujumbe huu|Ulifuta ujumbe huu",
    "ta": "இத்தகவல் திரும்பப்பெறப்பட்டது|இந்த மெசேஜ் நீக்கப்பட்டது|இந்தச் செய்தி நீக்கப்பட்டது|இத்தகவலை தாங்கள் அழித்தீர்கள்|"
    "நீங்கள் இந்த மெசேஜை நீக்கிவிட்டீர்கள்|இந்தச் செய்தியை நீக்கிவிட்டீர்கள்",
    "te": "ఈ సందేశం తొలగించబడింది|ఈ మెసేజ్ తొలగించబడింది|మీరు ఈ సందేశాన్ని తొలగించారు|మీరు ఈ మెసేజ్‌ను తొలగించారు",
    "th": "ข้อความนี้ถูกลบแล้ว|ข้อความนี้ได้ถูกลบ|ข้อความนี้ถูกลบ|คุณได้ลบข้อความนี้|คุณลบข้อความนี้|คุณลบข้อความนี้แล้ว",
    "tr": "Bu mesaj silindi|Bu mesajı sildiniz|Mesaj silindi|Bu mesaj yönetici {} tarafından silindi",
    "uk": "Це повідомлення було видалено|Це повідомлення видалено|Ви видалили це повідомлення|Повідомлення видалено",
    "ur": "یہ میسج حذف کر دیا گیا ہے|یہ پیغام حذف کیا گیا|یہ پیغام حذف کر دیا گیا|آپ نے یہ میسج حذف کر دیا ہے|"
    "آپ نے اس پیغام کو حذف کیا|آپ نے یہ پیغام حذف کیا|آپ نے یہ پیغام حذف کر دیا",
    "uz": "Ushbu xabar o‘chirildi|Bu xabar o‘chirildi|Siz ushbu xabarni o‘chirdingiz|Siz bu xabarni o‘chirdingiz",
    "vi": "Tin nhắn này đã bị xóa|Tin nhắn này đã bị xoá|Bạn đã xóa tin nhắn này|Bạn đã xoá tin nhắn này|"
    "Tin nhắn đã bị xóa|Tin nhắn đã bị thu hồi",
    "zh": "此訊息已刪除|此訊息已被刪除|这条消息已被删除|此消息已被删除|此消息已删除|消息已删除|信息已删除|"
    "您已刪除此訊息|你已刪除此訊息|您已删除这条消息|您已删除此消息|你已删除此消息|你已删除这条消息|您删除了此消息|"
    "你删除了这条消息|您删除了这条消息|您删除这个信息|此訊息已經刪除|此信息已被删除|訊息已刪除|您刪除了此訊息|"
    "你刪除了此訊息|你刪除了這則訊息|您刪除了這則訊息|這則訊息已刪除|这条信息已被删除",
}
CALLS: Mapping[str, str] = {
    "af": "Stemoproep gemis|Video-oproep gemis",
    "ar": "مكالمة صوتية فائتة|مكالمة فيديو فائتة|مكالمة جماعية فائتة",
    "az": "Buraxılmış zəng|Buraxılmış video zəng|Buraxılmış səsli zəng",
    "bg": "Пропуснато гласово обаждане|Пропуснато видео обаждане|Пропуснато аудио обаждане",
    "bn": "ভয়েস কল মিস করেছেন|ভিডিও কল মিস করেছেন|মিসড ভয়েস কল|মিস করা ভিডিও কল|মিসড ভিডিও কল",
    "ca": "Trucada de veu perduda|Videotrucada perduda|Trucada de vídeo perduda",
    "cs": "Zmeškaný hlasový hovor|Zmeškaný hovor|Zmeškaný videohovor",
    "da": "Mistet opkald|Mistede video opkald|Ubesvaret taleopkald|Ubesvaret videoopkald",
    "de": "Verpasster Sprachanruf|Verpasster Videoanruf|Verpasster Gruppenanruf|Verpasster Gruppen-Sprachanruf|"
    "Verpasster Gruppen-Videoanruf|Verpasster Anruf",
    "el": "Αναπάντητη κλήση|Αναπάντητη φωνητική κλήση|Αναπάντητη βιντεοκλήση",
    "en": "Missed voice call|Missed video call|Missed group voice call|Missed group video call|Missed group call|"
    "Missed call|Silenced voice call|Silenced video call",
    "es": "Llamada perdida|Llamada de voz perdida|Videollamada perdida|Llamada grupal perdida|"
    "Videollamada grupal perdida",
    "et": "Vastamata häälkõne|Vastamata videokõne",
    "fa": "تماس صوتی پاسخ داده نشده|تماس تصویری پاسخ داده نشده|تماس تصویری بی‌پاسخ|تماس صوتی بی‌پاسخ",
    "fi": "Vastaamaton äänipuhelu|Vastaamaton videopuhelu",
    "fil": "Nakaligtaang voice call|Nakaligtaang video call|Hindi nasagot na voice call|Hindi nasagot na video call",
    "fr": "Appel vocal manqué|Appel vidéo manqué|Appel manqué|Appel de groupe manqué|Appel vocal de groupe manqué|"
    "Appel vidéo de groupe manqué",
    "ga": "Guthghlao caillte|Glao Gutha Caillte|Físghlao caillte",
    "gu": "છૂટી ગયેલો વોઇસ કૉલ|છૂટેલો વોઇસ કૉલ|છૂટી ગયેલ ધ્વનિ કૉલ|છૂટી ગયેલ વિડિયો કૉલ|છૂટી ગયેલ વિડિઓ કૉલ",
    "he": "שיחה קולית שלא נענתה|שיחת וידאו שלא נענתה|שיחת קול שלא נענתה",
    "hi": "वॉइस कॉल मिस हुई|मिस्ड वॉइस कॉल|मिस्ड वीडियो कॉल|छूटी हुई ध्वनि कॉल|छूटी हुई विडियो कॉल|वीडियो कॉल मिस हुई",
    "hr": "Propušteni glasovni poziv|Propušten glasovni poziv|Propušteni videopoziv|Propušten video poziv",
    "hu": "Nem fogadott hanghívás|Nem fogadott videohívás|Nem fogadott videóhívás",
    "id": "Panggilan suara tak terjawab|Panggilan video tak terjawab|Panggilan tak terjawab",
    "it": "Chiamata vocale persa|Videochiamata persa|Chiamata persa|Chiamata di gruppo persa",
    "ja": "音声通話不在着信|ビデオ通話不在着信|不在着信|不在着信（音声通話）|不在着信（ビデオ通話）",
    "kk": "Жауапсыз қоңырау|Жауапсыз видео қоңырау|Жауапсыз бейне қоңырау",
    "kn": "ತಪ್ಪಿದ ಧ್ವನಿ ಕರೆ|ತಪ್ಪಿದ ದೃಶ್ಯ ಕರೆ|ತಪ್ಪಿದ ವೀಡಿಯೊ ಕರೆ",
    "ko": "부재중 전화|부재중 영상통화|부재중 음성통화|부재중 음성 통화|부재중 영상 통화",
    "lt": "Praleistas balso skambutis|Praleistas vaizdo skambutis|Praleistas video skambutis",
    "lv": "Neatbildēts balss zvans|Neatbildēts video zvans|Neatbildēts videozvans",
    "mk": "Пропуштен гласовен повик|Пропуштен видео повик|Пропуштен видеоповик",
    "ml": "വിളി നഷ്ടപ്പെട്ടു|നഷ്ടമായ വീഡിയോ കാൾ|മിസ്‌ഡ് വോയ്‌സ് കോൾ|മിസ്‌ഡ് വീഡിയോ കോൾ",
    "mr": "मिस्ड व्हॉइस कॉल|मिस्ड व्हिडिओ कॉल|मिस्ड व्हॉईस कॉल",
    "ms": "Panggilan suara terlepas|Panggila suara terlepas|Panggilan video terlepas",
    "nb": "Tapt taleanrop|Tapt videoanrop|Tapt videosamtale|Ubesvart taleanrop|Ubesvart videoanrop",
    "nl": "Gemist spraakgesprek|Gemist videogesprek|Gemiste spraakoproep|Gemiste video-oproep|Gemiste oproep|"
    "Gemist groepsgesprek",
    "pa": "ਮਿਸ ਹੋਈ ਆਵਾਜ਼ ਕਾਲ|ਮਿਸ ਹੋਈ ਵੀਡੀਓ ਕਾਲ",
    "pl": "Nieodebrane połączenie|Nieodebrane połączenie głosowe|Nieodebrane połączenie wideo|"
    "Nieodebrane poł. głosowe|Nieodebrane poł. wideo",
    "pt": "Chamada de voz perdida|Chamada de vídeo perdida|Videochamada perdida|Ligação de voz perdida|"
    "Ligação de vídeo perdida|Chamada perdida|Ligação perdida",
    "ro": "Apel vocal ratat|Apel video ratat|Apel vocal nepreluat|Apel video nepreluat|Apel vocal pierdut|"
    "Apel video pierdut",
    "ru": "Пропущенный аудиозвонок|Пропущенный видеозвонок|Пропущенный звонок|Пропущенный групповой звонок",
    "sk": "Zmeškaný hlasový hovor|Zmeškaný hovor|Zmeškaný videohovor",
    "sl": "Zgrešen klic|Neodgovorjen video klic|Zgrešen glasovni klic|Zgrešen videoklic",
    "sq": "Thirrje e shmangur|Videothirrje e shmangur|Thirrje zanore e humbur|Thirrje me video e humbur",
    "sr": "Пропуштен гласовни позив|Пропуштен видео позив|Propušten glasovni poziv|Propušten video poziv",
    "sv": "Missat röstsamtal|Missat samtal|Missat videosamtal",
    "sw": "Simu ya sauti uliyoikosa|Simu ya video uliyoikosa",
    "ta": "தவறிய குரல் அழைப்பு|தவறிய காணொலி அழைப்பு|தவறிய வீடியோ அழைப்பு",
    "te": "మిస్డ్ వాయిస్ కాల్|మిస్సేడ్ వాయిస్ కాల్|తప్పిన వీడియోకాల్|మిస్డ్ వీడియో కాల్",
    "th": "สายที่ไม่ได้รับ|วิดีโอคอลที่ไม่ได้รับ|สายโทรวิดีโอที่ไม่ได้รับ|สายโทรเสียงที่ไม่ได้รับ",
    "tr": "Cevapsız sesli arama|Cevapsız görüntülü arama|Cevapsız arama",
    "uk": "Пропущений аудіодзвінок|Пропущений відеодзвінок|Пропущений дзвінок",
    "ur": "مسڈ وائس کال|مسڈ ویڈیو کال|چھوٹی ہوئی صوتی کال|چھوٹی ہوئی ویڈیو کال",
    "uz": "O‘tkazib yub. ovozli qo‘ng‘iroq|O‘tkazib yub. videoqo‘ng‘iroq|O‘tkazib yuborilgan ovozli qo‘ng‘iroq",
    "vi": "Cuộc gọi nhỡ|Cuộc gọi nhỡ video|Cuộc gọi thoại nhỡ|Cuộc gọi video nhỡ",
    "zh": "未接語音通話|未接语音通话|未接視像通話|未接视频通话|未接來電|未接来电|未接視訊通話|未接聽語音通話",
}
LIVE_LOCATIONS: Mapping[str, str] = {
    "af": "regstreekse ligging gedeel",
    "ar": "تمت مشاركة الموقع المباشر|تم مشاركة الموقع المباشر",
    "az": "canlı məkan paylaşılıb",
    "bg": "местоположение в реално време споделено|споделено местоположение в реално време",
    "bn": "লাইভ অবস্থান শেয়ার করা হয়েছে|লাইভ লোকেশন শেয়ার করা হয়েছে",
    "ca": "Ubicació en directe compartida|ubicació en temps real compartida",
    "cs": "byla sdílena aktuální poloha|sdílena aktuální poloha",
    "da": "live placering delt|live-placering delt|liveplacering delt",
    "de": "Live-Standort wird geteilt|Live-Standort geteilt",
    "el": "η τωρινή τοποθεσία κοινοποιήθηκε|κοινοποιήθηκε ζωντανή τοποθεσία",
    "en": "live location shared",
    "es": "ubicación en tiempo real compartida|se compartió la ubicación en tiempo real",
    "et": "hetke asukoht jagatud|reaalajas asukoht jagatud",
    "fa": "مکان زنده به اشتراک گذاشته شد|موقعیت مکانی زنده به اشتراک گذاشته شد",
    "fi": "live-sijainti jaettu|reaaliaikainen sijainti jaettu",
    "fil": "ibinahagi ang live na lokasyon",
    "fr": "Localisation en direct partagée|Position en direct partagée",
    "gu": "જીવંત સ્થાન શેર કરાયું|લાઇવ લોકેશન શેર કર્યું",
    "he": "משתף מיקום בשידור חי|שותף מיקום בזמן אמת|מיקום בזמן אמת שותף",
    "hi": "लाइव स्थान साझा किया गया|लाइव लोकेशन शेयर की गई",
    "hr": "trenutna lokacija podijeljena|podijeljena lokacija uživo",
    "hu": "tartózkodási hely megosztva|élő tartózkodási hely megosztva",
    "id": "Lokasi terkini dibagikan|lokasi live dibagikan",
    "it": "posizione attuale condivisa|posizione in tempo reale condivisa",
    "ja": "ライブロケーション共有|ライブロケーションを共有しました|ライブ位置情報共有",
    "kk": "қазіргі орынмен бөлісті",
    "kn": "ನೇರ ಸ್ಥಳ ಹಂಚಿಕೊಳ್ಳಲಾಗಿದೆ",
    "ko": "공유한 실시간 위치|실시간 위치를 공유했습니다|실시간 위치 공유",
    "lt": "tiesioginė vieta bendrinama",
    "lv": "reāllaika atrašanās vieta",
    "mk": "споделено локација во живо",
    "ml": "ലൈവ് ലൊക്കേഷൻ പങ്കിട്ടു",
    "mr": "सध्याचे थेट ठिकाण शेअर केले",
    "ms": "lokasi terkini dikongsi|lokasi langsung dikongsi",
    "nb": "posisjon i sanntid delt|sanntidsposisjon delt",
    "nl": "live locatie gedeeld|livelocatie gedeeld",
    "pa": "ਮੌਜੂਦਾ ਟਿਕਾਣਾ ਸਾਂਝਾ ਕੀਤਾ",
    "pl": "udostępniona transmisja położenia|udostępniono lokalizację na żywo|udostępniono bieżącą lokalizację",
    "pt": "localização atual compartilhada|Está a partilhar a sua localização|localização em tempo real compartilhada|"
    "localização em tempo real partilhada",
    "ro": "locație în timp real distribuită|s-a partajat locația în timp real",
    "ru": "Геоданные отправлены|трансляция геоданных|геопозиция в реальном времени отправлена",
    "sk": "bola zdieľaná aktuálna poloha",
    "sl": "lokacija v živo je bila deljena",
    "sq": "vendndodhja aktuale u shpërnda",
    "sr": "Локација уживо подељена|lokacija uživo podeljena",
    "sv": "liveposition delad|live-plats delad|realtidsplats delad",
    "sw": "mahali mubashara pameshirikishwa",
    "ta": "இடம் நேரலையாக பகிரபட்டது",
    "te": "ప్రత్యక్ష స్థాన భాగస్వామ్యం",
    "th": "ตำแหน่งปัจจุบันถูกแบ่งปัน|แชร์ตำแหน่งปัจจุบันแล้ว",
    "tr": "Mevcut konum paylaşıldı|Canlı konum paylaşıldı",
    "uk": "геодані надіслано|трансляцію геоданих надіслано",
    "ur": "جاری مقام کا اشتراک ہوا|لائیو لوکیشن شیئر کی گئی",
    "uz": "jonli joylashuv ulashildi",
    "vi": "vị trí hiện thời được chia sẻ|đã chia sẻ vị trí trực tiếp",
    "zh": "實時位置已分享|共享实时位置|即時位置已分享|实时位置已分享|已分享即時位置",
}
