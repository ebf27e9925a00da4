# ruff: noqa: E501 - words of seven languages
"""Subjects of requests by kind, spelled as by `plain` and parsed by `Phrases`.

In this order: English, German, French, Spanish, Italian, Portuguese, Dutch.
"""

from collections.abc import Mapping

from imposter.behaviour.phrase_matching import Phrases

TOPICS: Mapping[str, Phrases] = {
    "data": Phrases(
        "number numbers phone address password passwords passcode pw iban pin code codes email mail login logins username account_number/details bank_details contact_details birthday ssn details location add_you/u your_name ",
        "nummer nummern handynummer telefonnummer adresse anschrift passwort passworter kennwort mailadresse zugangsdaten kontonummer bankdaten geburtsdatum daten standort kontakt ",
        "numero numeros adresse mdp mot_de_passe mail code codes identifiants rib coordonnees tel localisation ",
        "numero numeros telefono direccion clave claves contrasena correo mail usuario datos cuenta_bancaria ubicacion cbu ",
        "numero numeri indirizzo password parola mail codice codici credenziali dati coordinate posizione contatto ",
        "numero telefone endereco senha senhas email codigo dados cpf chave_pix localizacao contato login zap ",
        "nummer adres wachtwoord code inlog gegevens mailadres rekeningnummer ",
    ),
    "documents": Phrases(
        "sign signed contract contracts form forms document documents doc docs draft file files scan copy pdf passport payslip payslips invoice receipt certificate report paperwork statement cv letter reference screenshot slides license photo/pic/pictures/photos/pics_of ",
        "unterschreib* unterschrift* unterzeichn* vertrag* formular* dokument* unterlagen datei* kopie* ausweis* gehaltsabrechnung* rechnung* quittung* bescheinigung* zeugnis* bericht* scan* brief protokoll* beleg* nachweis* antrag* weiterleit* leitest* mail_vom ausfull* pass_kopie lebenslauf ",
        "sign* contrat* formulaire* document* doc docs fichier* copie passeport fiche*_de fiches bulletin* facture* recu attestation* dossier rapport brouillon scan* papiers justificatif* ",
        "firm* contrato* formulario* documento* archivo* copia pasaporte nomina* factura* recibo* certificado* informe* borrador escane* papeles reenvi* compartir comprobante* dni ",
        "firm* contratt* modul* document* file copia passaporto bust*_paga bust* fattur* ricevut* certificat* relazion* bozz* scansion* carte_d girarmi condivid* attestat* ",
        "assin* contrato* formulario* documento* doc docs arquivo* copia passaporte holerite* nota_fiscal nf boleto* comprovante* certificado* relatorio* rascunho* rg encaminh* compartilh* declaracao atestado* ",
        "teken* ondertekent handtekening contract* formulier* document* bestand* kopie paspoort factuur facturen loonstrook* bon rapport* ",
    ),
    "money": Phrases(
        "lend lending loan loaned borrow pay paying repay cover covering chip transfer wire venmo paypal zelle revolut invest sponsor donate donation refund reimburse split owe bucks quid euro euros eur dollar dollars pounds grand deposit bail fee fees advance spot front cash money rent tab share_of price buy_me treat afford contribute budget ",
        "leih* verleih* borg* pump* vorstreck* auslegen auslegst zahl* bezahl* uberweis* spend* beteilig* ubernehm* ubernimm* schuld* geld kohle fuffi* fufzger hunni* hunderter zwanni* zwanziger euro euros miete kaution anzahl* gebuhr* kosten preis paypal* asche moneten taler investier* rabatt nachlass ",
        "prete* preter emprunt* avanc* depann* paye* payer paies paie regle* regler virement* vire virer rembours* cotis* cagnotte balles thune* fric sous euros euro loyer caution acompte moitie credit remise ristourne investi* participe* ",
        "prestas prestar prestame prestarme prestais prestes preste prestan prestarias prestado adelant* pagas pagar pague paga pagues pagame pagarme transfer* bizum financi* pasta lucas luca pavos plata guita lana varos euros euro pesos dolares dinero alquiler fianza deposito mitad invit* bancas invert* rebaja descuento ",
        "presti prestare prestarmi prestami prestate presteresti prestassi prestito anticip* pagare paghi paga pagarmi pagami bonific* colletta soldi rimbors* offri devi_ancora euro affitto caparra cauzione meta sconto investi* ricarica* acconto quota ",
        "emprest* adiant* pagar paga pague pagas pix transfer* rach* grana dinheiro reais conto contos pila aluguel renda caucao vaquinha euros metade invest* desconto vale_de deposit* ",
        "leen lenen leent betaal* betalen overmaken tikkie voorschiet* voorschieten geld euro huur borg ",
    ),
    "time": Phrases(
        "feed translate ubersetz* tradu* vertaal* look numbers dog cat plants guarantor vouch check_the review proofread free hour hours time minute minutes min mins half_hour reschedule move postpone watch_the babysit help helping available afternoon evening weekend shift shifts cover_my/for swap look_after dogsit call_me ring_me a_call extend ",
        "burg* fur_mich_burgen futter* gies* gegossen drubers* druberschau* blumen katze hund zahlen_durch mal_uber zeit stunde stunden stundchen minute minuten verschieb* schieb* verleg* pass*_auf aufpass* hilfst helfen hilf helft helfe umzug babysit* tausch* schicht ruf*_an anruf* anrufen vertret* einspring* mithelf* termin* frei ",
        "garant arros* nourri* oeil relire relis verifi* chat chien plantes heure heures temps minutes dispo disponible decal* report* repouss* gard* aid* demenag* libre remplac* appel* rappel* coup_de_main echang* ",
        "aval echas ojo rieg* reg* revis* perro gato plantas vistazo hora horas tiempo rato hueco minutos libre mover cambi* posp* retras* cuid* quedar quedas ayud* mudanza turno reemplaz* cubr* llamame llamas llamar echas_una echar_una mano ",
        "garante innaffi* occhiata controll* rilegg* gatto cane piante ora ore tempo minuti oretta libero libera spost* rimand* tieni tenere tenermi guard* aiut* trasloc* turno sostitu* chiam* mano disponibile badare ",
        "fiador olhada reg* revis* gato cachorro plantas hora horas horinha tempo minutinho minutos livre mudar mudanca adi* remarc* ajud* cuid* fica_com ficar_com plantao turno cobr* liga ligar me_liga mao trocar ",
        "uur uurtje tijd minuten help* helpen oppas* verhuiz* verzet* bellen vrij ruilen dienst ",
    ),
    "meeting": Phrases(
        "bleiben bleibst bleibt rester restes restare resti quedarse quedarme quedar_hasta/hasta lust bock envie ganas voglia vontade zin work_for works_for sign_up stay_at come coming join joining attend attending visit meet meeting pick_me/up/us pick drive driving give_me/us_a_lift lift ride swing pop drop_by stop_by stay party wedding birthday dinner lunch breakfast drinks there over_tonight accompany show_up go_with swing_by meet_up hang grab host speak present crash sleep home go out brew beer pint cinema movie film concert gym christmas ",
        "komm* kommst mitkomm* vorbei* hol* abhol* fahr* mitnehm* nimmst_mich treff* besuch* dabei erschein* teilnehm* begleit* mitgehen gehst_mit feier* party hochzeit geburtstag essen_gehen ubernacht* gehst gehen_wir rum bier kino konzert zum_essen heim pennen schlafen schlafst weihnachten ",
        "vien* venir passe passes passer passez rejoin* retrouv* cherch* recuper* seras serez accompagn* emmen* conduire depos* mariage anniv* diner dejeuner boire soiree voit dormir assist* heberg* sortir rentres rentrer boire verre biere cine concert noel ",
        "ven venir vengas vengan vienes venis pasas pasar pases pasate recog* recoj* busc* vemos acompan* estaras asist* ir_a llevarme llevar* lleva* boda cumple cena* comer almorz* quedamos asado fiesta dormir salir vamos tomar cerveza cine concierto navidad quedas ",
        "vieni* venire venga venite vengo passa passi passo passare passate prender* raggiung* accompagn* vediamo sarai esserci ci_sei festa matrimonio compleanno cena pranzo bere dormire port*_a uscire uscita andiamo ospit* torni tornare birra cinema concerto natale passi ",
        "vem vens vir venha passa passar passe busc* encontr* acompanh* aparec* cola colar estara estar_la vai_estar lev* carona casamento niver aniversario festa churras* jantar almoc* dormir sair bora role tomar cerveja cinema show natal rolar ",
        "kom* komen langs* haal* ophal* ontmoet* feest bruiloft verjaardag etentje rijd* meekom* slapen uit_eten biertje film kerst ",
    ),
    "things": Phrases(
        "bring bringing borrow have keep keeping use leave drop take taking hand lend get_me grab store keys key car van bike ladder drill couch sofa camera tent charger book jacket laptop tools give give_me/us return spare order tickets ticket food cake spot_for room couch house flat apartment  buy water feed carry fix print hold post pack ",
        "bring* mitbring* ausleih* gib gibst geben haben behalt* benutz* leg legst lass mitnehm* nimm nimmst auto rad fahrrad leiter bohrmaschine schlussel kamera zelt ladegerat buch jacke schrank werkzeug stell* besorg* einkauf* kauf* bestell* druck* gies* futter* reparier* ",
        "ramen* apport* prendre prend* donn* laiss* garder utilis* amen* voiture velo echelle perceuse cles cle canape appareil tente chargeur livre veste outils achet* command* depose* imprim* arros* nourri* repar* besoin_de_ton/ta/tes rend* files filer file ",
        "traes traer trae traeme traigas llevas llevar me_das dar dame dejas dejar deja dejame coche auto carro bici escalera taladro llaves llave sofa camara tienda cargador libro chaqueta herramientas usar coger compr* devuelv* imprim* recoger reg* guardar quedarme arregl* pasas ",
        "porti portare portarmi portami porta portate prestare dai darmi dammi lasci* prender* prendo usar* tenere macchina bici scala trapano chiavi chiave divano tenda caricatore libro giacca attrezzi compr* stamp* restitu* innaffi* ripar* ridammi ordini ",
        "traz trazer traga lev* me_da dar deix* peg* usar carro bike bicicleta escada furadeira chave chaves sofa camera barraca carregador livro jaqueta ferramentas compr* devolv* imprim* guard* consert* regar ficar_com empresta ",
        "breng* meenem* neem geef geven laat fiets auto ladder sleutel* boor tent oplader boek jas gereedschap gebruik* koop* bestel* leen* ",
    ),
    "send": Phrases(
        "send sending forward share sharing give_him/her/them/me/us reply answer confirm write text message text_me upload print post ",
        "schick* send* zusend* zuschick* weiterleit* teil* gib* schreib* antwort* bestatig* hochlad* stell*_rein ",
        "envoi* envoy* transfer* transmet* partag* files donn* confirm* repond* ecris ecrire ",
        "mand* envi* pasa pasas pasar pasame pase pases reenvi* compart* confirm* respond* escrib* ",
        "mand* invi* gira* girami giri condivid* conferm* rispond* scriv* dai passi passami ",
        "mand* envi* encaminh* compartilh* passa passas passar passe confirm* respond* escrev* ",
        "stuur* sturen deel* delen bevestig* doorstur* ",
    ),
    "decision": Phrases(
        "promise swear guarantee authorize authorise consent agree_to green_light go_ahead_for permission feu_vert luz_verde permiso via_libera grunes_licht include count_you add_you put_you cancel book reserve order approve accept reject confirm agree sell buy decide choose sign_off go_with tell_them/him/her/everyone quit withdraw register enroll hire announce publish start delete keep_the rent commit vote invite go_ahead okay_with ok_with fine_with proceed marry start_with quote ",
        "mitrechn* eintrag* einplan* dazuschreib* mitzahl* anmeld* kundig* kundige absag* zusag* buch* reservier* bestell* annehm* ablehn* bestatig* verkauf* kauf* entscheid* zustimm* anmeld* abmeld* starten anfangen veroffentlich* loschen einverstanden recht einlad* heirat* angebot_an storni* freigeb* ",
        "inclus compte_dedans inscris te_compte resili* annul* reserv* command* accept* refus* confirm* vend* achet* choisi* decid* inscri* valid* commenc* publi* supprim* engag* accord epous* marier devis retire* maintien* ",
        "incluyo te_cuento te_incluyo cancel* reserv* confirm* acept* rechaz* vend* compr* eleg* decid* apunt* inscrib* firm* empez* public* borr* contrat* aprob* casar* casarte presupuesto acuerdo retir* cogemos pido ",
        "includo ti_conto ti_includo disdi* cancell* prenot* conferm* accett* rifiut* vend* compr* scegl* decid* iscriv* firm* iniz* cominc* pubblic* assum* approv* spos* preventivo accordo ritir* ordin* ",
        "incluo te_conto te_incluo cancel* reserv* confirm* aceit* recus* vend* compr* escolh* decid* inscrev* fech* comec* public* apag* contrat* aprov* casar casa_comigo orcamento concord* retir* peco ",
        "annuleer* boek* reserveer* bevestig* accepteer* verkoop* koop* kies* beslis* aanmeld* opzeg* akkoord ",
    ),
}
"""Subjects in the order in which they are checked."""
ACTING = Phrases(
    "take open close check look feed answer reply let make give_me be wait reserve ask tell_the/them/him/her/everyone/everybody order buy print post lend loan spot send forward share sign bring leave give come join meet pick drop get transfer pay put keep hold call help watch drive move book cancel confirm fill ",
    "leih schick send leite unterschreib* bring leg gib komm hol nimm lass stell uberweis* zahl bezahl* heb ruf hilf pass fahr buch storniere kundige fulle mach offne schau besorg kauf bestell antwort gies warte frag kummer behalt ",
    "prete* envoie envoies transfere partage signe ramene apporte laisse donne viens passe prends garde depose paie paye vire appelle aide file reserve annule confirme remplis renvoie mets fais ouvre regarde achete commande reponds arrose attends demande occupe ",
    "presta* manda* envia* reenvia* comparte firma* trae* deja* dame ven veni pasa* recoge* paga* pagame transfiere guarda* llama* ayuda* cuida* reserva cancela confirma haz* pon* avanza abre mira compra* pide responde riega espera pregunta saca lleva* ",
    "presta* manda* invia* gira* condividi firma* porta* lascia* dammi vieni passa* prendi* paga* tieni* chiama* aiuta* prenota disdici conferma fai* fammi metti* compila apri guarda compra* ordina rispondi innaffia aspetta chiedi prendi* ",
    "empresta manda envia encaminha compartilha assina traz leva deixa da vem passa busca pega paga transfere guarda liga ajuda cuida reserva cancela confirma faz poe racha fica adianta abre olha compra pede responde rega espera pergunta cola segura ",
    "leen stuur deel teken breng laat geef kom haal betaal maak bel help boek annuleer bevestig ",
)
"""Verbs that are a request at the start of a sentence."""
