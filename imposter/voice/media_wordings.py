# ruff: noqa: RUF001 - phrases of many languages
"""What WhatsApp writes into an exported chat in place of media, beside them, and about a group, by language.

The source is WhatsApp's own interface: on iOS the strings of `Localizable.strings` for what an export leaves out and
for `attached`, on Android `email_file_attached` and `export_media_omitted`, as exported chats and open-source readers
of these show them.
"""

from collections.abc import Mapping

OMITTED: Mapping[str, str] = {
    "ar": "لم يتم إدراج الصورة|لم يتم إدراج الفيديوهات|لم يتم إدراج المقاطع الصوتية|تم حذف الملصقات|"
    "لم يتم إدراج صورة GIF|لم يتم إدراج بطاقة جهة اتصال|لم يتم إدراج المستند|تم استبعاد الوسائط",
    "bn": "ইমেজ বাদ দেওয়া হয়েছে|ভিডিও বাদ দেওয়া হয়েছে|অডিও বাদ দেওয়া হয়েছে|স্টিকার বাদ দেওয়া হয়েছে|"
    "জিআইএফ বাদ দেওয়া হয়েছে|ডকুমেন্ট বাদ দেওয়া হয়েছে|মিডিয়া বাদ দেওয়া হয়েছে",
    "ca": "Imatge omesa|vídeo omès|Àudio omès|adhesiu omès|GIF omès|Targeta de contacte omesa|Document omès|"
    "Mitjans omesos",
    "cs": "obrázek vynechán|video vynecháno|zvukový soubor vynechán|nálepka vynechána|GIF vynechán|Vizitka vynechána|"
    "dokument vynechán|Média vynechána",
    "da": "billede udeladt|video udeladt|lyd udeladt|klistermærke udeladt|GIF udeladt|Kontaktkort udeladt|"
    "dokument udeladt|Mediefil udeladt",
    "de": "Bild weggelassen|Video weggelassen|Audio weggelassen|Sticker weggelassen|GIF weggelassen|"
    "Kontaktkarte ausgelassen|Kontaktkarte weggelassen|Dokument weggelassen|Medien weggelassen|Medien ausgeschlossen|"
    "Videonachricht weggelassen",
    "el": "εικόνα παραλείφθηκε|βίντεο παραλείφθηκε|ήχος παραλείφθηκε|αυτοκόλλητο παραλήφθηκε|Παράληψη GIF|"
    "Η κάρτα επαφής παραλήφθηκε|έγγραφο παραλείφθηκε|Εξαίρεση πολυμέσων",
    "en": "image omitted|photo omitted|video omitted|video note omitted|audio omitted|sticker omitted|GIF omitted|"
    "Contact card omitted|document omitted|Media omitted|view once photo omitted|view once video omitted|"
    "view once voice message omitted",
    "es": "imagen omitida|foto omitida|video omitido|vídeo omitido|audio omitido|sticker omitido|GIF omitido|"
    "Tarjeta de contacto omitida|documento omitido|Multimedia omitido|Archivo omitido",
    "fa": "تصویر حذف شد|ویدیو حذف شد|صدا حذف شد|استیکر حذف شد|GIF حذف شد|برگ مخاطب حذف شد|سند حذف شد",
    "fi": "kuva jätettiin pois|ei kuvaa|videota ei sisällytetä|äänitiedostoa ei sisällytetä|tarraa ei sisällytetty|"
    "GIF-animaatio jätetty pois|Yhteystietokortti jätettiin pois|dokumenttia ei sisällytetä|Media jätetty pois",
    "fr": "image absente|photo absente|vidéo absente|audio omis|sticker omis|GIF retiré|Fiche contact manquante|"
    "fiche de contact absente|document manquant|Médias omis|Fichier omis|image omise|vidéo omise|document omis",
    "ga": "íomhá ligthe ar lár|físeán ligthe ar lár|comhad fuaime ar lár|GIF ligthe ar lár|cáipéis ligthe ar lár",
    "gu": "છબી પડતી મૂકાઈ|વિડિયો પડતી મુકાઈ|ઓડિયો ફાઇલ શામેલ કરી નથી|સ્ટીકર પડતું મુકાયું|GIF પડતી મૂકાઈ|મીડિયા અવગણાયું",
    "he": "התמונה הושמטה|סרטון הווידאו הושמט|קטע קול הושמט|סטיקר הושמט|GIF הושמט|כרטיס איש קשר הושמט|מסמך הושמט|"
    "המדיה לא נכללה|מדיה הושמטה",
    "hi": "फ़ोटो हटाई गई|वीडियो छोड़ा गया|ऑडियो हटाई गयी|स्टिकर छोड़ा गया|GIF छोड़ा गया|कॉन्टैक्ट कार्ड छोड़ा गया|"
    "डॉक्यूमेंट छोड़ा गया|मीडिया के बिना",
    "hr": "slika izostavljena|video izostavljen|zvuk izostavljen|naljepnica izostavljena|GIF izostavljen|"
    "Posjetnica izostavljena|dokument izostavljen",
    "hu": "kép küldése sikertelen|kép kihagyva|Videó kihagyva|Hang kihagyása|matrica kihagyva|GIF fájl kihagyása|"
    "Névjegykártya kihagyva|dokumentum kihagyva|Hiányzó médiafájl",
    "id": "gambar tidak disertakan|video tidak disertakan|audio tidak disertakan|stiker tidak disertakan|"
    "GIF tidak disertakan|Kartu kontak tidak disertakan|dokumen tidak disertakan|Media tidak disertakan",
    "it": "immagine omessa|video omesso|audio omesso|sticker non incluso|sticker omesso|GIF esclusa|GIF omessa|"
    "Scheda contatto omessa|documento omesso|Media omesso|Media omessi",
    "ja": "画像は含まれていません|ビデオは含まれていません|音声は含まれていません|スタンプは含まれていません|"
    "GIFは含まれていません|連絡先カードを省略|ドキュメントは含まれていません|メディアは含まれていません",
    "ko": "이미지 생략됨|사진 생략됨|비디오 생략됨|동영상 생략됨|오디오 생략됨|스티커 제외됨|스티커 생략됨|GIF 생략됨|"
    "연락처 카드 생략됨|문서 생략됨|미디어를 제외한 대화내용|미디어 파일을 생략한 대화내용",
    "mr": "इमेज वगळली|व्हिडीओ वगळला|ऑडिओ वगळला|स्टिकर वगळले|GIF वगळले|संपर्क कार्ड वगळले|डॉक्युमेंट वगळले|मीडिया वगळले",
    "ms": "imej tidak dimasukkan|video tidak dimasukkan|audio tidak dimasukkan|pelekat tidak dimasukkan|"
    "GIF tidak dimasukkan|Kad kenalan tidak dimasukkan|dokumen tidak dimasukkan|Media disingkirkan",
    "nb": "bilde ikke inkludert|bilde utelatt|video utelatt|lyd utelatt|klistremerke utelatt|GIF utelatt|"
    "Kontaktkort sløyfet|utelatt dokument|dokument utelatt|Uten vedlegg",
    "nl": "afbeelding weggelaten|video weggelaten|audio weggelaten|sticker weggelaten|GIF weggelaten|"
    "Visitekaartje weggelaten|contactkaart weggelaten|document weggelaten|Media weggelaten",
    "pl": "obraz pominięty|wideo pominięte|audio pominięte|pominięto naklejkę|Plik GIF pominięty|"
    "Pominięta wizytówka kontaktu|dokument pominięty|pliki pominięto|Pominięto multimedia",
    "pt": "imagem não revelada|imagem ocultada|imagem omitida|vídeo não revelado|vídeo omitido|vídeo oculto|"
    "ficheiro de áudio não revelado|áudio ocultado|áudio oculto|áudio omitido|sticker não revelado|figurinha omitida|"
    "figurinha oculta|GIF não revelada|GIF omitido|GIF oculto|Contacto não revelado|Cartão do contato omitido|"
    "documento não revelado|documento omitido|documento oculto|imagem oculta|Mídia omitida|Mídia oculta|"
    "Ficheiro não revelado|Arquivo de mídia oculto",
    "ro": "Imagine omisă|clip video omis|fără audio|audio omis|sticker omis|GIF omis|Carte de vizită contact omisă|"
    "document omis|Conținut media omis",
    "ru": "изображение отсутствует|изображение опущено|видео отсутствует|видео опущено|аудиофайл отсутствует|"
    "аудио опущено|стикер не добавлен|GIF отсутствует|Карточка контакта отсутствует|документ отсутствует|"
    "Без медиафайлов|Файл пропущен|Медиа отсутствует",
    "sk": "obrázok vynechaný|video vynechané|zvuk vynechaný|nálepka vynechaná|GIF vynechaný|Karta kontaktu vynechaná|"
    "dokument vynechaný|Médiá vynechané",
    "sv": "bild utesluten|bild utelämnad|video utesluten|ljud utelslutet|ljud uteslutet|sticker utesluten|"
    "GIF utesluten|Kontaktkort uteslutet|dokument uteslutet|Media har utelämnats|Media utelämnad",
    "th": "ไม่มีรูปภาพ|วิดีโอถูกลบ|ไม่มีไฟล์เสียง|ไม่มีสติกเกอร์|ละเว้น GIF|บัตรรายชื่อที่ละเว้น|ละเว้นเอกสาร|สื่อถูกลบ",
    "tr": "görüntü dahil edilmedi|video dahil edilmedi|ses dahil edilmedi|Çıkartma dahil edilmedi|GIF dahil edilmedi|"
    "Kişi kartı dahil edilmedi|belge dahil edilmedi|Medya atlanmış|Medya dahil edilmedi",
    "uk": "зображення відсутнє|зображення пропущено|відео відсутнє|відео пропущено|аудіо відсутнє|аудіо пропущено|"
    "Наклейку не додано|стикер пропущено|GIF-анімацію пропущено|Картка контакту відсутня|документ пропущено|"
    "Медіа пропущено",
    "ur": "تصویر نکال دی گئی ہے|ویڈیو نظرانداز|آڈیو نظرانداز|اسٹیکر نظرانداز|رابطہ کارڈ نظر انداز|دستاویز نظرانداز",
    "vi": "đã bỏ qua hình ảnh|đã bỏ video|bỏ qua tệp âm thanh|đã bỏ sticker|Đã bỏ qua ảnh GIF|Bỏ qua thẻ liên lạc|"
    "đã bỏ qua tài liệu|Bỏ qua Media",
    "zh": "圖片已略去|圖像已省略|照片已忽略|图片已忽略|影片已略去|影片已省略|视频已忽略|音訊已略去|音訊已省略|"
    "音频已忽略|貼圖已略去|貼圖已忽略|贴图已省略|GIF 已略去|GIF 圖片已被省略|GIF 动态图已被忽略|聯絡人卡片已略去|"
    "聯絡人卡片已省略|联系人卡片已忽略|文件已略去|文件已忽略|文档已省略|忽略多媒體檔|省略多媒体文件",
}
ATTACHED: Mapping[str, str] = {
    "af": "lêer aangeheg",
    "ar": "الملف مرفق|المُرفق",
    "az": "fayl əlavə olunub",
    "bg": "прикачен файл",
    "bn": "ফাইল সংযুক্ত হয়েছে",
    "ca": "arxiu adjunt|adjunt",
    "cs": "soubor byl přiložen|příloha",
    "da": "fil vedhæftet|vedhæftet",
    "de": "Datei angehängt|Anhang|angehängt",
    "el": "συνημμένο αρχείο|επισυνάφθηκε",
    "en": "file attached|attached",
    "es": "archivo adjunto|archivo adjuntado|adjunto",
    "et": "fail lisatud",
    "fa": "پیوست شد|پیوست",
    "fi": "liitetiedosto|liite",
    "fil": "nakalakip na file",
    "fr": "fichier joint|pièce jointe",
    "ga": "ceangailte",
    "gu": "ફાઇલ જોડાયેલ|જોડાયેલ",
    "he": "קובץ מצורף|מצורף",
    "hi": "फाइल संलग्न|फाइल अटैच कर दी गई है|अटैच किया गया",
    "hr": "datoteka u privitku|priloženo",
    "hu": "fájl csatolva|csatolva",
    "id": "file terlampir|terlampir",
    "it": "file allegato|allegato",
    "ja": "添付ファイル有り|添付ファイル|ファイルが添付されています",
    "kk": "қосымша файл",
    "kn": "ಕಡತ ಸೇರಿಸಲಾಯಿತು",
    "ko": "파일 첨부됨|첨부됨",
    "lt": "byla prisegta",
    "lv": "pievienots fails",
    "mk": "прикачен фајл",
    "ml": "ഫയൽ ചേർത്തു",
    "mr": "संलग्न केले",
    "ms": "fail dilampirkan|dilampir",
    "nb": "vedlagt fil|vedlagt",
    "nl": "bestand bijgevoegd|bijgevoegd",
    "pa": "ਅਟੈਚ ਕੀਤੀ ਫਾਇਲ",
    "pl": "załączony plik|plik dołączony|załączono",
    "pt": "arquivo anexado|ficheiro anexado|anexado|anexo",
    "ro": "fișier atașat|atașare|atașat",
    "ru": "файл добавлен|прикреплено",
    "sk": "súbor pripojený|príloha",
    "sl": "priložena datoteka",
    "sq": "skedë e ngjitur",
    "sr": "прикачена датотека",
    "sv": "bifogad fil|bifogat",
    "sw": "faili limeambatanishwa",
    "ta": "கோப்பு இணைக்கப்பட்டது",
    "te": "ఫైల్ జోడించబడినది",
    "th": "ไฟล์ที่แนบ|แนบ",
    "tr": "dosya ekli|eklendi",
    "uk": "файл додано|додано",
    "ur": "پیوستہ فائل|پیوستہ",
    "uz": "fayl biriktirildi",
    "vi": "tệp đính kèm|đính kèm",
    "zh": "附件檔案|文件附件|檔案附件|附件",
}
EDITED: Mapping[str, str] = {
    "ar": "تم تعديل هذه الرسالة|تم تعديل الرسالة|معدلة",
    "bg": "Това съобщение беше редактирано|редактирано",
    "ca": "Aquest missatge s'ha editat|S'ha editat aquest missatge",
    "cs": "Tato zpráva byla upravena|upraveno",
    "da": "Denne besked blev redigeret|Denne besked er redigeret|redigeret",
    "de": "Diese Nachricht wurde bearbeitet|bearbeitet",
    "el": "Αυτό το μήνυμα τροποποιήθηκε|τροποποιήθηκε",
    "en": "This message was edited|edited",
    "es": "Se editó este mensaje|Este mensaje fue editado|Mensaje editado|editado",
    "et": "Seda sõnumit muudeti|muudetud",
    "fa": "این پیام ویرایش شد|ویرایش شد|ویرایش شده",
    "fi": "Tätä viestiä muokattiin|muokattu",
    "fil": "In-edit ang mensaheng ito|Na-edit ang mensaheng ito",
    "fr": "Ce message a été modifié|modifié",
    "gu": "આ મેસેજમાં ફેરફાર કર્યો",
    "he": "ההודעה נערכה|הודעה זו נערכה|נערכה",
    "hi": "यह मैसेज एडिट किया गया|इस मैसेज को एडिट किया गया|एडिट किया गया",
    "hr": "Ova je poruka uređena|uređeno",
    "hu": "Ezt az üzenetet szerkesztették|Az üzenetet szerkesztették|szerkesztve",
    "id": "Pesan ini diedit|diedit",
    "it": "Questo messaggio è stato modificato|modificato",
    "ja": "このメッセージは編集されました|編集済み",
    "kk": "Бұл хабар өңделді",
    "ko": "이 메시지는 수정되었습니다|수정된 메시지입니다|수정됨",
    "lt": "Ši žinutė buvo redaguota",
    "lv": "Šī ziņa tika rediģēta",
    "mr": "हा मेसेज संपादित केला गेला",
    "ms": "Mesej ini telah diedit|diedit",
    "nb": "Denne meldingen ble redigert|redigert",
    "nl": "Dit bericht is bewerkt|bewerkt",
    "pl": "Ta wiadomość została edytowana|Wiadomość edytowana|edytowano|edytowana",
    "pt": "Mensagem editada|Esta mensagem foi editada|editada|editado",
    "ro": "Acest mesaj a fost editat|editat",
    "ru": "Это сообщение изменено|Данное сообщение изменено|Сообщение изменено|изменено|отредактировано",
    "sk": "Táto správa bola upravená|upravené",
    "sl": "To sporočilo je bilo urejeno",
    "sq": "Ky mesazh u modifikua",
    "sr": "Ова порука је измењена",
    "sv": "Det här meddelandet har redigerats|Det här meddelandet redigerades|redigerat",
    "sw": "Ujumbe huu umehaririwa|Ujumbe huu ulihaririwa",
    "th": "ข้อความนี้ถูกแก้ไขแล้ว|ข้อความนี้ถูกแก้ไข|แก้ไขแล้ว",
    "tr": "Bu mesaj düzenlendi|düzenlendi",
    "uk": "Це повідомлення змінено|Це повідомлення відредаговано|змінено|відредаговано",
    "ur": "اس میسج میں ترمیم کی گئی",
    "vi": "Tin nhắn này đã được chỉnh sửa|Đã chỉnh sửa tin nhắn này|đã chỉnh sửa",
    "zh": "此訊息已編輯|此消息已编辑|这条消息已编辑|這則訊息已編輯|已編輯|已编辑|您已編輯此訊息|此訊息已被編輯|"
    "此消息已被编辑",
}
WAITING: Mapping[str, str] = {
    "de": "Warten auf diese Nachricht|Warte auf diese Nachricht",
    "en": "Waiting for this message|null",
    "es": "Esperando el mensaje|Esperando este mensaje",
    "fr": "En attente de ce message|Message en attente",
    "it": "In attesa del messaggio|In attesa di questo messaggio",
    "nl": "Wachten op dit bericht",
    "pt": "Aguardando mensagem|A aguardar esta mensagem",
    "ru": "Ожидание данного сообщения|Ожидание этого сообщения",
    "tr": "Bu mesaj bekleniyor",
    "pl": "Oczekiwanie na tę wiadomość",
    "id": "Menunggu pesan ini",
}
"""May be followed by a sentence that it takes a while."""
GROUPS: Mapping[str, str] = {
    "ar": "غيّر وصف المجموعة|غيّر موضوع المجموعة|غيّر اسم المجموعة|أنشأ المجموعة|قام بتغيير",
    "cs": "změnil popis skupiny|změnila popis skupiny|změnil předmět|změnila předmět|změnil název|změnila název",
    "da": "ændrede gruppebeskrivelsen|ændrede emnet|ændrede gruppenavnet|oprettede gruppen",
    "de": "die Gruppenbeschreibung geändert|die Gruppenbeschreibung|den Betreff von|den Betreff zu|den Gruppennamen|"
    "die Gruppe erstellt|hat die Gruppe|den Namen der Gruppe",
    "el": "άλλαξε την περιγραφή της ομάδας|άλλαξε το θέμα|δημιούργησε την ομάδα",
    "en": "changed the group description|changed the subject|changed the group name|created group|created the group|"
    "changed this group's|changed their phone number|added you to the group|deleted the group description|"
    "changed the community description|changed the community name|pinned a message|updated the group description",
    "es": "cambió la descripción del grupo|cambiaste la descripción del grupo|cambió el asunto|cambiaste el asunto|"
    "cambió el nombre del grupo|cambiaste el nombre del grupo|creó el grupo|creaste el grupo|modificó la descripción",
    "fa": "توضیحات گروه را تغییر داد|موضوع گروه را|نام گروه را",
    "fi": "vaihtoi ryhmän kuvauksen|muutti ryhmän kuvausta|vaihtoi aiheeksi|vaihtoi ryhmän nimeksi|loi ryhmän",
    "fr": "a changé la description du groupe|a modifié la description du groupe|avez changé la description|"
    "avez modifié la description|a changé le sujet|a modifié le sujet|avez changé le sujet|a changé le nom du groupe|"
    "a modifié le nom du groupe|a créé le groupe|avez créé le groupe",
    "he": "שינה את תיאור הקבוצה|שינתה את תיאור הקבוצה|שינה את שם הקבוצה|שינתה את שם הקבוצה|יצר את הקבוצה|"
    "יצרה את הקבוצה",
    "hi": "ग्रुप की जानकारी बदल|ग्रुप का नाम बदल|ग्रुप बनाया|ने ग्रुप का विषय",
    "hu": "megváltoztatta a csoport leírását|megváltoztatta a tárgyat|megváltoztatta a csoport nevét|létrehozta a",
    "id": "mengubah deskripsi grup|mengubah subjek|mengubah nama grup|membuat grup|mengganti deskripsi grup",
    "it": "ha cambiato la descrizione del gruppo|ha modificato la descrizione del gruppo|hai cambiato la descrizione|"
    "hai modificato la descrizione|ha cambiato l'oggetto|ha modificato l'oggetto|ha cambiato il nome del gruppo|"
    "ha modificato il nome del gruppo|ha creato il gruppo|hai creato il gruppo",
    "ja": "がグループの説明を変更|がグループ名を|がグループを作成|グループの件名を|グループの説明を変更しました",
    "ko": "님이 그룹 설명을|님이 그룹 이름을|님이 그룹 제목을|그룹을 만들었습니다|그룹 설명을 변경|그룹 이름을",
    "ms": "menukar keterangan kumpulan|menukar subjek|mengubah nama kumpulan|mencipta kumpulan",
    "nb": "endret gruppebeskrivelsen|endret emnet|endret gruppenavnet|opprettet gruppen",
    "nl": "heeft de groepsbeschrijving gewijzigd|de groepsbeschrijving|heeft het onderwerp|de groepsnaam|"
    "heeft de groep|heeft groep",
    "pl": "zmienił opis grupy|zmieniła opis grupy|zmienił(a) opis grupy|zmienił temat|zmieniła temat|zmienił(a) temat|"
    "zmienił nazwę grupy|zmieniła nazwę grupy|utworzył grupę|utworzyła grupę|zmieniono opis grupy",
    "pt": "mudou a descrição do grupo|alterou a descrição do grupo|mudou o assunto|alterou o assunto|"
    "mudou o nome do grupo|alterou o nome do grupo|criou o grupo|criou grupo|você mudou a descrição|"
    "mudaste a descrição do grupo|alteraste a descrição do grupo",
    "ro": "a schimbat descrierea grupului|a modificat descrierea grupului|a schimbat subiectul|a creat grupul",
    "ru": "изменил описание группы|изменила описание группы|изменил(-а) описание группы|изменил(а) описание группы|"
    "изменил тему|изменила тему|изменил(-а) тему|изменил(а) тему|изменил название|изменила название|"
    "изменил(-а) название|изменил(а) название|создал группу|создала группу|создал(-а) группу|создал(а) группу",
    "sv": "ändrade gruppbeskrivningen|ändrade ämnet|ändrade gruppnamnet|skapade gruppen|"
    "har ändrat gruppens beskrivning",
    "th": "เปลี่ยนคำอธิบายกลุ่ม|เปลี่ยนหัวข้อ|เปลี่ยนชื่อกลุ่ม|สร้างกลุ่ม",
    "tr": "grup açıklamasını değiştirdi|grubun açıklamasını değiştirdi|konuyu|grup adını|grubu oluşturdu|"
    "grubunu oluşturdu|grup açıklamasını değiştirdiniz",
    "uk": "змінив опис групи|змінила опис групи|змінив(-ла) опис групи|змінив тему|змінила тему|змінив назву|"
    "змінила назву|створив групу|створила групу|змінює опис групи",
    "vi": "đã thay đổi mô tả nhóm|đã đổi mô tả nhóm|đã thay đổi chủ đề|đã đổi tên nhóm|đã tạo nhóm|"
    "đã thay đổi tên nhóm",
    "zh": "将群组名称改为|将群组名称更改为|更改了群组描述|更改了群组主题|将主题改为|更改了群组名称|创建了群组|"
    "更改了群組描述|更改了群組名稱|更改了群組主題|將群組名稱|將主題|建立了群組|變更了群組描述|變更了群組說明|"
    "修改了群组描述|修改了群组名称|更改了主题",
}
"""Stands in a notice before what it is changed to, behind a name."""
