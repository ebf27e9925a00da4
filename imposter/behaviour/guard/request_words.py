# ruff: noqa: E501 - words of seven languages
"""Phrases of requests, spelled as by `plain` and parsed by `Phrases`.

In this order: English, German, French, Spanish, Italian, Portuguese, Dutch.
"""

from collections.abc import Mapping

from imposter.behaviour.phrase_matching import Phrases, listed

FRAMES = Phrases(
    "happen_to_have wouldnt_happen wouldn_t_happen hast_nicht/ned_zufallig/vielleicht/noch/mal no_tendras/tendrias/tendra non_e_che non_avresti nao_teria/tem do/have_i/we_have/got_your/the/permission/ur j_ai_ton/votre tengo_tu/su hab/habe/haben/kriegen/krieg_ich/wir_dein/deine/das/von ho_il_tuo/la_tua tenho_seu/sua war/ware_es~wenn geht_das~wenn wants/want/wanted/needs_to_know ask/asks/asking/asked_if/whether/when will/wollen_wissen frag/fragt/fragen_ob/wann veut/veulent/voudrait_savoir demande/demandent_si quiere/quieren_saber pregunta/preguntan_si vuole/vogliono_sapere chiede/chiedono_se quer/querem_saber pergunta/perguntou/perguntando_se vraagt/vragen_of potermi poterci poterti ",
    "^_mind ^_be_my/our/the ^_act_as shall/should_we can/could/cud/would/wud/will/wont/cant/couldnt/wouldnt_you/u/ya/yall/y/someone/somebody/anyone/i/we "
    "can/won/couldn/wouldn_t_you/u/ya/we may/might_i/we any/some_chance possible_to possible_for wondering_if hoping_you/u need/want_you/u_to "
    "you/u_able/willing/up/down/good d_be_willing d_mind be_so_kind if_you/u_could/can do/does_you/u/it_mind_if is_it/that_ok/okay/alright/cool/fine_if/with/to/for/that ok/okay/cool/fine_if_i/we up_for down_for gonna_need is_there_any_way ",
    "kannst kanst kannste kansch kanns konntest magste konnteste konntst konnt wurdest wurdste wurdst wurst darf durft* konnen_sie/wir/ihr konnten_sie/wir/ihr wurden_sie/ihr mogen_sie/ihr hattest "
    "ware/war_es_ok/okay/moglich/in ware/war_das_ok/okay/moglich/in ginge geht/gingen_das/es/s/auch/sich gehts_auch/bei/am/um ist_es/das_ok/okay/in/moglich/fur ists_ok/okay kann_ich/man/ma/wer/jemand kannt/kannst_mir lasst/lass_du sei/seid_so meinst_du_du ",
    "peux/pourrais/serais/aurais_tu tu_peux/pourrais/pourras/saurais/aurais/serais/seras/pe/px t_aurais/pourrais/peux pouvez/pourriez/auriez/seriez_vous vous_pouvez/pourriez/pourrez/auriez/seriez "
    "je/j/on_peux/peut/pourrais/pourrait jpeux jpourrais ptete_possible possible_de/que moyen_de/que ca_te/t/vous_va/derange/derangerait/embete/ennuie/dit/dirait/tente/convient ",
    "puedes podes podrias podras podrian podriais podeis pueden serias_capaz te/le/os_importa/importaria/molesta/molestaria/parece/va/viene/vendria/apetece/apuntas/queda/sirve puedo podemos podriamos podria_yo seria/es_posible hay_chance/posibilidad/forma sera_que tendrias os_va/viene te_animas te_copa me_harias/haces ",
    "puoi potresti potreste potete riesci riuscireste riusciresti te_la_senti ti/vi/le_va/andrebbe/dispiace/spiace/scoccia/secca/torna/dispiacerebbe avresti saresti faresti_da ce_la_fai ci_stai/stareste possiamo posso potremmo potrei e/sarebbe_possibile si_puo/potrebbe mi_faresti/fai/daresti per_te_va te_va faresti daresti ",
    "voce/vc/vcs/ce/tu/c_pode/podia/poderia/podem/consegue/conseguiria/consegui/topa/toparia/teria/aceita/concorda/daria/seria/faria pode/podia/poderia/consegue/conseguiria/topa_me/vir/ir/fazer/ver/dar/ficar/levar/trazer/mandar/passar/pegar/buscar/emprestar/ajudar/compartilhar/assinar/enviar/pagar/adiantar/segurar/deixar/guardar/cuidar "
    "da/daria/dava_pra/para tem_como/jeito tens/terias podes podias consegues queres rola sera_que se_importa/incomoda te_importas tudo_bem_se/pra/para/pro posso podemos podia a_gente_pode topa tem_como ",
    "kun/kan/kon/zou/mag_je/jij/u/ik/we kunnen_we kunt_u zouden_we heb/heeft_je/jij/u ben_je/jij vind_je_het vindt_u_het is_het_ok/oke/goed mogelijk_om zie_je_het_zitten ",
)
"""Phrases that begin a request or ask for permission."""
SMALL_TALK = Phrases(
    "how_you/u/ya good_morning/night/evening/luck sleep_well sweet_dreams miss_you/u love_you/u love_ya merry happy_new proud_of look/looks/looking_great/good/nice/amazing/beautiful/lovely so_funny/cute/cool/sad/nice/good/tired/bored/excited/happy/hungry/cold/hot/proud lol_same any_good/plans/news all_good/ok/well everything_ok/okay/alright/good is_everything feel/feeling/feels_better/ok/good/sick/tired enjoying enjoyed enjoy_the have_you_ever/been/seen/heard/tried got_kids you/u_feeling/doing/good/guys_ok did/didn/didnt long_time long_day are/r_you/u_sure/serious/kidding/joking/okay/ok/alright/well/good/happy/sad/mad/angry/tired/hungry/busy/asleep/awake/sick/drunk/bored/excited/nervous/safe/home/back are/r_you/u_still_in/at/with/up/alive/living/working/there/mad/sick/single/hungry/awake you_get_home/there/back got_home/back/there made_it_home safe_flight/trip/travels do_you_still/really/also/ever/even/speak/know/remember/think/like/love/believe/miss/see/hear/understand/watch/smoke/drink/eat/live/feel/believe isn_t/isnt_it/that/she/he/this wasn_t/wasnt_it/that/she/he ",
    "wie_gehts/geht/gings/ging/lief/wars/war/findest/fandest/schmeckts alles_gut/klar/ok/fit/okay/paletti/gute/liebe hast/habt_du/ihr_gut/schon/auch/geburtstag/ferien/urlaub/angst/heimweh bist/seid_du/ihr_gut/schon/noch/sicher/wieder/heute/jetzt_angekommen/daheim/wach/da/fit/zuhause/mude/krank/sicher gut_geschlafen/angekommen/heimgekommen gut/gute_heimreise/reise/fahrt schlaf_gut schlaft_gut traum_was/schon/suss frohe* frohes guten_rutsch herzlichen gluckwunsch* vermiss* hab_dich/euch ich_liebe lieb_dich findest_du/ihr_nicht/auch/das/den/die glaubst_du_das/dass/es/echt/wirklich siehst/schaust_gut/super/toll so_schon/lustig/cool/suss/mude/kalt/heiss/traurig langer_tag ^_was_machst/macht/treibst schmeckts regnets schneits geht_s_dir/euch gehts/geht_dir/euch/es_dir/gut weisst/kennst/magst_du_noch/den/die/das/schon was_neues schon_gehort/gesehen/gegessen/daheim/wach/da nicht_wahr ist_das_nicht/nicht_lustig/schon/toll/suss ",
    "comment_vas/va/allez/ca bien_dormi/arrive/rentre/rentree/arrivee bonne_route/nuit/fete/annee/chance joyeux joyeuses fais_attention/gaffe/de/dodo dors_bien tu_me_manques je_t_aime gros_bisous ca_va/vas/se/s/fait/a_bien/mieux/mal/toi/passe/fait/longtemps/ete tu_crois/penses/trouves_que/pas tu_te_souviens/rappelles tu_t/te_es/sens/plais/rappelles/souviens/amuses t_as/es/aimes/aime_vu/faim/froid/chaud/sommeil/peur/mal/compris/entendu/bien/deja/encore/toujours/sur/fatigue/fatiguee/content/contente/malade/ok/reveille/leve/ou/la/rentre/arrive/aime t_habites_toujours/encore/ou longue_journee quoi_de n_est_ce trop_drole/mignon/bien/bon/beau/belle/fort/cool/marrant/triste/nul/chou/froid/chaud c_etait/est_trop/super/vraiment/bien/genial/tellement est_ce_que_c/ca ",
    "como_estas/esta/estan/andas/te/va/van/les/fue/sigues/amaneciste que_tal_todo/estas/el/la/tu/va/te ^_que_haces/cuentas/onda/mas/pasada dormiste_bien llegaste_bien buen/buena/buenas_viaje/suerte/noche/noches/dia/finde/provecho feliz_cumple*/navidad/ano te_extrano/quiero/amo/echo que_descanses duerme_bien estas_bien/ahi/despierto/despierta/ok/mejor/cansado/cansada/enojado/enojada/seguro/segura/contento/feliz/triste sigues_ahi/despierto/despierta/enfermo/enojado tienes_hambre/frio/calor/sueno/miedo/fiebre/hijos todo_bien/ok/tranquilo/en no_crees/te_parece_gracioso verdad_que a_que_si te_acuerdas/gusto/gusta/encanta/sientes/sirvio/parecio muy_bueno/divertido/lindo/rico/gracioso ^_que_risa/gracioso/chistoso/fuerte/locura/cansancio/dia crees_que/en ",
    "come_stai/va/state/andiamo/e/ti tutto_bene/ok/apposto/a dormito_bene arrivato/arrivata/arrivati_bene buon/buona/buone_viaggio/fortuna/notte/giornata/serata/weekend/appetito/feste/pasqua/anno felice_anno mi_manchi ti_amo/voglio ^_che_fai/combini/dici/ridere/giornata/bello/bella/carino/figata/fame/sonno/caldo/freddo hai/avete_fame/freddo/caldo/sonno/paura/febbre/figli/gia/sentito/visto/dormito/mangiato sei/siete_stanco/stanca/sveglio/sveglia/felice/triste/arrabbiato/arrabbiata/sicuro/sicura/ancora/a/gia/ok/contento/contenta ti_ricordi/piace/piaciuto/piaciuta/sembra/manca/senti/diverti non_trovi/e_vero/credi_sia secondo_te troppo_bello/bella/buono/forte/divertente/carino stai_bene/meglio/male ",
    "como_vc/voce/esta/ta/estao/vai/vao/foi/andam tudo/td_bem/certo/joia/ok/em/tranquilo/bom e_ai_tudo/blz dormiu_bem chegou_bem/em boa/bom/boas_viagem/sorte/noite/dia/tarde/semana/fds/festa feliz_aniversario/natal/ano/niver saudade saudades te_amo/adoro que_saudade/legal/lindo/linda/fofo/fofa/engracado/dia/calor/frio/chuva/bom/otimo/chato/pena ta/esta/tas_bem/com/acordado/acordada/dormindo/melhor/doente/cansado/cansada/triste/feliz/bravo/brava/certo/ainda ta/esta/tas_de_boa ta/esta/tas_com_fome/sono/frio/calor/medo ainda_ta/esta/mora/trabalha/namora voce/vc_ta/esta_bem/melhor/ai/acordado/cansado/feliz/brava/bravo se_lembra lembra_de/da/do/daquele/daquela/quando gostou_do/da/de nao_acha/e_engracado/e_lindo demais_ne muito_bom/legal/engracado/lindo ",
    "hoe_gaat/is/was/vond/voel alles_goed lekker_geslapen goede_reis slaap_lekker mis_je hou_van ",
)
SHALL = Phrases(
    "shall/should/do/can/may_i want/need_me_to_$ you_want_me_to want_me_to_cancel/book/order/sign/buy/sell/tell/accept/call/confirm ",
    "soll/sollt_ich/i/ma ",
    "je_le/la/les/l dois_je tu_veux_que_je ",
    "quieres/queres_que te_lo_reservo/cancelo ",
    "vuoi_che devo ",
    "quer_que_eu quer_que devo ",
    "zal/moet/mag_ik ",
)
"""Phrases that offer to do something and ask for confirmation."""
HAVES = Phrases(
    "^_hast ^_bist ^_habt ^_seid have/got_you/u_got do/have_you/u_have/got/any/a/an you/u_got got_any/an/a/some ",
    "hast/habt_du/ihr/mal/vielleicht/evtl/eventuell/kurz/ne haben_sie bist/seid/wirst_du/ihr/dabei/am/heute/morgen/sonntag/samstag/freitag/nachste/mein/meine/unser/unsere ",
    "tu_as/es/aurais t_as/es/auras t_en_es as/es/avez/etes_tu/vous vous_avez/etes est_ce_que_tu/t/vous ",
    "tienes tenes tendras estas eres vas_a hay ",
    "^_hai ^_avete hai/avete_un/una/tempo/modo/voglia/qualcosa sei/siete_libero/libera/liberi/dei/disponibile/disponibili/in ",
    "vc/voce/vcs/tu/ce_tem/vem/vai/leva/traz/da/ta ^_tem ^_tens ta/esta/estas/tas_livre/disponivel/dentro/nessa/afim vai_estar ",
    "heb/heeft_je/jij/u ben_je/jij ",
)
"""Phrases that begin a request or only ask for a fact."""
WANTS = Phrases(
    "do/would_you/u_want/wanna/like/fancy you/u_want/wanna wanna fancy want_to ",
    "magst magste mogst willst willste mochtest mogt wollt mochten_sie lust ",
    "tu_veux/voudrais veux/voulez/voudrais_tu/vous vous_voulez/voudriez t_veux envie_de ",
    "quieres queres querrias quiere_usted gustaria te_apetece ",
    "vuoi vorresti volete vorreste ti_va ti_andrebbe ",
    "quer queres queria querem quiser ",
    "wil/wilde_je/jij/u zin_om zin_in ",
)
"""Phrases before an offer or a wish."""
MODALS = listed(
    "peuvent pueden can could may would will kann konnte darf durfte puede podria podrian puo potrebbe possono pode poderia "
    "podem peut pourrait kan mag zou kunnen konnen konnten"
)
"""Words at the start of a question that ask for permission or willingness."""
STATES = Phrases(
    "you/u_look/looked/must/seem you_are_so/such/very/the/a/an/my/too/right/funny/great du_bist/siehst/schaust/musst_ja tu_es/dois t_es eres/sos/estas sei vc/voce/tu_e/esta/ta/deve is/s/isnt/isn/was/were/wasn/its/thats/hes/shes/theres am/im_so/very/really/just/off/at/back/on i_m/am we_re/are/were they/these/those_are/re ",
    "ist sind war waren ists hab/habe/haben_ich/wir/ein/eine/heute/so bin_ich/grad/gerade/so/ja/noch/heute/jetzt ich_bin/hab/habe/glaub/denk/find wir_sind/haben gehts_dein*/euch/ihr/ihm ",
    "est etait etaient sont c_est/etait j/t_ai/avais je/j_suis/etais/me/pense/crois/trouve on_est/a/etait/vient je_me il/elle_est/a/va/fait y_a va_mieux ",
    "este/esta_es es_este/esta esta_mejor/muy/bien/mal/todo/lloviendo/tan/en/lindo/linda/precioso estan es_muy/un/una/tan/mi/tu/el/la/los/que/mejor/verdad/horrible estoy somos estamos fue era acabo hay creo llego_el/la/tu ",
    "^_questo/questa ^_e_questo/questa e_arrivato/arrivata/vero/bello/bella/troppo/molto/proprio/stato/stata sta/stanno_meglio/bene/male/piovendo/andando sono_a/in/stanco/stanca/appena/cosi/molto/felice/incinta/al siamo_a/in/appena/tutti c_e credo penso mi_sa/sembra/piace ho/hanno ",
    "esse/essa/este/esta/isso_e ^_esse/essa ta/tao_melhor/bem/bom/otimo/mal/chovendo/frio/calor/muito/demais/tudo/cansado/cansada/lindo/linda/gravida/tao/tarde foi era sao to/tou/estou_com/em/no/na/muito/cansado/cansada/gravida/aqui/fazendo acho acabei acabamos chegou ",
    "is zijn was waren ik_ben/heb/vind/denk we_zijn/hebben ",
)
"""Phrases that state how something is."""
WISHES = Phrases(
    "i/we/lets_hope hope_u/you_feel/had/have/get/are/re hope_we/to wish_you/u/me i_wish hoffentlich hoffe hoff ich/i_hoff* j_espere ojala espero spero tomara esperons esperamos speriamo hopelijk ik_hoop"
)
"""Wishes that need neither a yes nor a no."""
MIND = Phrases(
    "mind stort storts stort_es stort_s macht_es/s_dir_was macht_dir_das_was was_dagegen derange/derangerait/embete/ennuie importa importaria molesta molestaria dispiace spiace scoccia secca dispiacerebbe importa/incomoda importas vind_je_het_erg bezwaar"
)
"""Phrases that ask whether somebody minds, so that a no means yes."""
INFORM = Phrases(
    "tell show teach remind explain recommend describe advise understand suggest ",
    "sagen/erklaren/zeigen/verraten/empfehlen/erzahlen/beschreiben/erklar/empfiehl/erzahl verstehen sagst_du_mir_wie/was/wann/wo/ob ",
    "dire/expliquer/conseiller/recommander/raconter/montrer comprendre expliques racontes ",
    "decir*/explicar*/recomendar*/contar*/ensenar* dices_como/que/cuando/donde/si explicas recomiendas cuentas entender ",
    "dire/dirmi/spiegar*/consigliar*/raccontar*/mostrar* spieghi consigli capire mi_dici_come/cosa/quando/dove/se ",
    "dizer/falar/explicar/recomendar/indicar/contar/mostrar explica entender me_diz/fala_como/onde/quando/se/o/que ",
    "vertellen/uitleggen/zeggen/aanraden begrijpen ",
)
"""Phrases that only ask for information."""
HARMLESS = Phrases(
    "lets_see let_s_see ll_see schau_ma/mal/mer schauen_wir mal_sehen on_verra vamos_ver ya_veremos vedremo bonjour saluti saludos abraco gruss grusse says/said_hi/hello you/u_good/well/fine/safe you/u_remember must_be/have musst_ja dois_etre debes_estar devi_essere deve/deves_estar i/we_heard/hear hab/habe_gehort il_parait oi/escuche/supe_que me_contaron ho_sentito soube/ouvi_que geniess* profites_bien/des/de disfrut* ti_godi curtindo hear_me mi_senti/sentite/sentono me_oyes/escuchas/ouve/ouves/ouvindo/escuta tu_m_entends horst_du_mich you/u_watching/listening/enjoying/having/feeling/sleeping/working schaust/siehst/horst_du_das/den/die/grad/auch/gerade tu_regardes/ecoutes/lis guardi/guardate_la/il/lo/anche ascolti hurt hurts duele duelen weh fa_male mal_au/a/encore doi doendo warst wart warste fuiste estuviste foste t_es_deja sei_gia ja_foi/viu/leu/comeu/provou/assistiu already_been/seen/tried/eaten recipe rezept* recette* receta* ricett* receita* recept* guess_what/who stell/stellt_dir/euch_vor devine/devinez adivina adivinen indovina indovinate adivinha que_lindo/linda/bonito/bonita/rico/rica/bueno/buena/asco/bien/bom/boa/massa/delicia/horrible/horrivel/tempo/pena/bello/bella/schifo/tempo quel_temps quelle_belle what_a how_nice/cute/cool so_ein/eine/viel secondo_me wohnst arbeitest lebst lernst studierst tu_habites/vis/travailles/etudies/bosses t_habites vives sigues_en/viviendo/trabajando/con seguis_en/viviendo/trabajando/con trabajas estudias vivi/abiti/lavori/studi_ancora/a/in/sempre/da mora/moras/trabalha/estuda_em/ai/no/na/ainda/com ainda_mora/trabalha/estuda woon_je werk_je running/bit/little/be/am/m/im_late verspat* spater/zu_dran en_retard un_poco_tarde llego_tarde in_ritardo atrasad* atrasar te_laat did/didnt_you/u/he/she/they/it/we/i/that/the did/didn_t_you/u/he/she/they have/haven/has/had_you/u/he/she/they/it_seen/heard/been/eaten/tried/read/watched/ever/slept/met/already/finished/noticed/had/gone/done/thought/found/received/gotten "
    "was/were/wasnt/werent_it/you/u/he/she/they/that/the/there do/don/dont_you/u_know/remember/think/like/love/believe/feel/see/hear/understand/also/still/get/speak/watch/play/miss/prefer/enjoy/ever/hate/reckon/live/listen do/don_t_you/u_know/think/like/remember/just/love you/u_know/remember/like/feel/think_the/that/how/what/this/it can/could/cant_you/u_believe/imagine/hear/see/feel/smell/remember "
    "can/could/may_i/we_ask/say/complain/vent can/could/may_i/we_tell/show_you/u can_i_just_say let/lemme_me_know/know_if/when you/u_there/awake/asleep/ok/okay/alright/alive/well/hungry/tired/busy/home/happy/mad/serious/sure/kidding/sick/excited/ready/back you/u_still_there/at/up/awake/alive/sick/mad/in/on/working/living how_are/r/is/s/was/did/have what_s_up whats_up what_time how_s how_much/many/old/long/far have_a_nice/good/great/fun take_care "
    "isnt/aren/arent/isn_it/that/he/she/they good/happy/nice_luck/birthday/night/day/evening/morning/weekend/trip/flight congrats is/s/are_it/that/he/she/this/the/there/they/your/ur/my_raining/cold/hot/snowing/good/true/still/really/nice/far/big/open/closed/weather/mum/mom/dad/wife/brother/sister/dog/cat thanks_for thank_you/u you/u_d_love/like/enjoy/hate would/wouldn_you/u/it/that_love/hate ",
    "weisst weisste weist kennst kennste kennt glaubst denkst findest findste erinnerst horst siehst verstehst fuhlst schmeckt gefallt gefiel gehts_dir/euch/so/eigentlich/heute/wieder wie_geht/gehts/war/lauft wars war_schon/gut/das/der/die/dein/dir/s bist/bisch_du/da/noch/schon_da/wach/noch/schon/daheim/zuhause/mude/krank/fit/sicher/irre/gerade/grad/okay/ok bist_da bist_du_da_$ hast/habt_du/ihr_hunger/durst/angst/schon/auch/gut/dich hast_du_noch_hunger/durst/fieber/schmerzen magst/mogst_du_eigentlich/auch/noch/lieber darf/kann/durft*_ich/i_dich/dir/euch/mal_was/mal/etwas/fragen/sagen vorstellen was_fragen schonen/schone/schones gute/guten_nacht/morgen/abend/besserung/fahrt/reise viel_spass/gluck/erfolg alles_gute/klar herzlichen pass_auf regnets regnet ist/sind_das/der/die/er/sie/dein/deine/eure/euer danke vielen_dank gefallen_hat wurde_dir kann_man_da/dort/hier ",
    "tu/vous_te/vous/t_souviens/rappelles/rends/souvenez/sens/amuses sais/connais/penses/crois/trouves/aimes/adores/imagines/preferes/comprends/entends/savais/connait/savez/connaissez vois_ce/le/la/que te/vous_plait tu_adorerais/aimerais ca_va/vas ca_a/s ca_fait c_est/etait_bien/bon/beau/cool/sympa/loin/vrai/grave/genial/dur/cher/top/comment/quoi/quand/ou t/tu_es/etais_la/ou/rentre/rentree/malade/reveille/reveillee/encore/bien/sur/sure/serieux/fatigue/fatiguee/au/en/chez/deja/mort/morte/occupe/occupee t/tu/vous/as/avez_as/avez/tu/vous_vu/eu/lu/fait/mange/dormi/entendu/recu/compris/regarde/pense/oublie/trouve/reussi/fini/aime/paye/pris/goute/essaye/bien/deja/passe/gagne/perdu/vecu/vraiment poser_une/des te_demander_un/une/quelque bonne/bon_nuit/soiree/journee/chance/courage/anniv*/voyage/week/appetit il_pleut/fait/est/fait elle_est/a merci_pour/beaucoup/a/bien/mille/encore ^_merci_$ comment_va/vas/allez/ca joyeux joyeuse felicitations profite* repose_toi ",
    "sabes conoces recuerdas acuerdas crees creer piensas gusta gusto encanta encantaria gustaria_mas ves_bien oyes entiendes imaginas prefieres sientes extranas viste fuiste estas/esta/andas_ahi/bien/en/despierto/despierta/cansado/cansada/seguro/segura/loco/loca/ya/malo/mala/enfermo/enferma/trabajando/viendo/contento/contenta/todavia que/como_tal/estas/va/anda/andas/onda/hay/fue/estuvo puedo/pregunto_preguntar/preguntarte/contar/contarte/decirte te_puedo_preguntar/contar/decir te_cuento has/habeis/ha/habias_visto/oido/comido/leido/dormido/hecho/estado/ido/probado/pensado/visto/llegado/recibido/escuchado/sido te_mande/envie/deje/traje/compre/escribi/llame te_llego/llegaron/gusto que_te_vaya/descanses/duermas/pases buenas/buen/buenos felicidades felicitaciones feliz gracias estuvo/estaba/fue esta_buena/bueno/lloviendo/rico/rica/bien llueve hace_frio/calor que_hora* cuidate descansa ",
    "sai/sapete conosci/conoscete ricordi credi pensi piace piaciuto piaciuta senti_che capisci immagini preferisci rendi_conto sembra piacerebbe hai/avete/ha/sei/siete/e_visto/vista/fatto/fatta/dormito/mangiato/preso/letto/sentito/sentita/avuto/provato/pensato/capito/ricevuto/passato/andato/andata/stato/stata/arrivato/arrivata/gia/mai/finito/fame/sonno/freddo/caldo sei/siete_a/al/in/ancora/sveglio/sveglia/sicuro/sicura/stanco/stanca/malato/malata/serio/seria/felice/pronto/pronta ^_ci_sei_$ come_va/stai/state/e/sta che_ore come_stai posso_chiederti/farti/dirti buona/buon/buone buongiorno buonasera auguri complimenti grazie piove e_bello/bella/buono/buona/vero era/stato/stata riposati divertiti ",
    "sabe/sabes/conhece/conheces/lembra/lembras/acredita/acreditas/acha/achas/gosta/gostas/imagina/prefere/curte/entende/ouve/sente sabia viu foi gostou chegou comeu dormiu ouviu leu deu_tempo/certo assistiu entendeu esqueceu achou recebeu foste viste gostaste ta/esta/estas/tas_ai/bem/em/acordado/acordada/cansado/cansada/doente/com/trabalhando/vendo/chovendo/frio/calor/no/na/tudo ^_tudo/td_bem/certo/joia_$ oi_tudo/td_bem como_vai/ta/esta/foi/vao posso_te_perguntar/contar/falar/dizer posso_perguntar boa/bom/boas parabens feliz obrigado obrigada valeu_por vc/voce_ia/iria_amar/gostar/adorar que_horas descansa chove ",
    "weet/ken/denk/vind/herinner/hoor/voel_je/jij heb/hebt_je/jij_gezien/gehoord/gelezen/gegeten/geslapen/al/ooit/honger ben_je_er/thuis/wakker/nog/moe/ziek hoe_gaat/is/was was_het mag_ik_je/iets_iets/vragen fijne/goede/goedemorgen/welterusten gefeliciteerd bedankt dank regent_het ",
)
"""Small talk, and questions about the present or past."""
OFFERS = Phrases(
    "shall/should/can/could/may_i_send/bring/show/give/make/cook/get/buy/forward/explain/share/tell/help/treat/invite_you/u/over/some/them/it want/wanna/like/need_me_to_bring/send/come/help/get/make/show/forward/buy/cook/fetch/pick/grab you_want/like_me/some/a i_can/could/will/ll_bring/send/give/show/make/help/lend/get/cook/buy_you/u i_ll_send/bring do/would_you/u_like/want/wanna_some/a/an/more/another do/would_you/u_like/want_to_see/hear/know need_any/some_help ",
    "soll/kann_ich/i/wir_dich/euch_mitnehmen/abholen/fahren/hinbringen/heimbringen/hinfahren/heimfahren soll/sollen/darf/kann_ich/i/wir_dir/euch/ihnen/was ich_kann/konnte_dir/euch ^_kann/konnte_dir/euch soll_ich/wir/i~mitbringen/schicken/zeigen/vorbeibringen mochtest/magst/willst_du/ihr_noch/was/ein/einen/eine/welche ich_bring/bringe/schick/schicke/koch/mach/leit/leite_dir/euch ich_bring/bringe_den/die/das/was/einen/eine/kuchen/salat/wein/nachtisch ",
    "je/j/jte/on_te/t/vous_envoie/ramene/apporte/montre/donne/offre/fais/file/garde/prends/invite/prete/aide/prepare/transfere/transmets/passe/depose/rends/raconte/explique/cherche/commande/rappelle/appelle/fabrique/cuisine/laisse je/j_ramene/apporte/amene/achete/cuisine_le/la/les/du/des/un/une/quelque/quoi  tu_veux/voudrais_que_je/un/une/des/du/voir/en je_peux_t/te_aider/envoyer/ramener/apporter/preparer/inviter veux/voulez_tu/vous_un/une/des/du/que ",
    "^_llevo ^_traigo ^_compro te/os/les/le_reenvio/devuelvo/cuento/explico/acompano/llevo/mando/traigo/envio/paso/doy/preparo/muestro/regalo/guardo/compro/invito/ayudo/hago/cocino/presto quieres/queres/quiere_que_te/le/un/una/unos/unas/mas/algo/ver te_puedo/podria_llevar/mandar/traer/enviar/pasar/ayudar/invitar ",
    "^_porto ^_compro ti/vi/le/te_giro/inoltro/racconto/spiego/accompagno/porto/mando/invio/giro/do/preparo/mostro/regalo/compro/offro/aiuto/faccio/cucino/passo/presto vuoi/vuole/volete_che_ti/un/una/del/dei/delle/altro/vedere/qualcosa posso/potrei_portarti/mandarti/aiutarti/offrirti/inviarti/prepararti ",
    "^_levo ^_trago ^_compro te/lhe_encaminho/devolvo/conto/explico/acompanho/mando/levo/trago/envio/passo/dou/preparo/mostro/ajudo/faco/compro/empresto levo/mando/trago/compro/faco~pra_voce/vc/ti/vcs quer/queres_que_eu/um/uma/uns/mais/ver/algo posso/podia_te_mandar/levar/ajudar/trazer/enviar ",
    "zal/kan_ik_je/jullie/wat/iets wil_je_een/nog/wat/dat zal_ik~sturen/meenemen/brengen ",
)
"""Phrases with which the contact offers to do or give something."""
OFFERED_ANYWHERE = Phrases(
    "you_dont_have/need_to you_don_t_have/need_to if_you/u_need ",
    "musst/brauchst_du_nicht/ned musst_nicht falls/wenn_du_hilfe/was/wen/jemand ",
    "pas_besoin_que si_t_as_besoin si_tu_as_besoin si_besoin si_jamais_t ",
    "no_hace_falta_que no_tienes_que si_necesitas/precisas ",
    "cosi_non_devi non_devi se_ti_serve se_hai_bisogno se_serve ",
    "nao_precisa se_precisar/precisares/precisa ",
    "als_je_hulp ",
)
"""Offers at any position, unless the sentence is framed as a request."""
OKS = Phrases("ok okay fine alright good_for passt in_ordnung d_accord est_bon/bien va_bene esta_bien ta/esta_bom goed")
NEEDS = Phrases(
    "want/wants/need/needs/requires/requests/asked_your/ur wants_needs asked_for_your ill/gonna/will/shall_tell~you/youre/youll/u you_d_need d_need_you ",
    "mussten/mussen/sollten_sie/wir/ihr musstest solltest ich_sag/sage/sags/erzahl~du braucht_dein/deine/deinen bend ",
    "faudrait_etre faut_que_tu/vous je_dis/dirai~tu tu_dois vous_devez ",
    "habria_que hay_que_estar le/les_digo/diremos/decimos tienes/tendrias_que_estar/venir/ir/firmar/pagar ",
    "bisognerebbe bisogna dico/diciamo/diro~tu/che dovresti devi_venire/firmare/pagare/esserci ",
    "precisaria precisavas falo/digo/vou_falar~que/vc tem_que_vir/assinar/pagar/estar ",
    "^_need ^_needing ^_looking_for need_an/my/the i/we/he/she/they/mum/mom/dad/you_need/needs needs_someone/somebody/you/to someone/somebody_needs/has/should/must need_ur/your/someone/somebody/a/2/two looking_for_someone would_be_great/nice/good_if missing_someone short_of ",
    "brauch* brauchte/brauchten_dich/jemand/deine/deinen/dein jemand/wer_muss/musste/sollte ware/war_super/toll/lieb/cool/nett/gut_wenn suche/suchen_noch/jemand/jemanden fehlt/fehlen_noch ",
    "besoin_de/d/que aurais_besoin faut/faudrait_que/quelqu/un/une/des/quelques quelqu_un_doit/devrait/pour ce_serait/serait_bien/cool/top/sympa_si manque_quelqu/encore cherche_quelqu ",
    "necesit* hace/haria_falta falta/faltan_alguien/quien alguien_tiene/debe/deberia/puede estaria_bien/bueno/genial_que/si me_vendria_bien buscamos/busco_alguien ",
    "bisogno_di/d/che serve/servirebbe/servirebbero/servono mi/ci_serve/servirebbe/servono qualcuno_deve/dovrebbe/puo/che ci_vorrebbe sarebbe_bello/utile/top_se manca/mancano cerchiamo/cerco_qualcuno ",
    "preciso/precisamos/precisa_de/da/do/que/muito alguem_precisa/tem/deve/pode falta/faltam_alguem/quem/gente seria_bom/otimo/legal_se to/estou/estamos_precisando procurando_alguem ",
    "heb/hebben_je/jouw/iemand/hulp_nodig nodig iemand_moet/moeten/nodig het_zou_fijn zoek/zoeken_iemand ",
)
"""Phrases that look for somebody who helps, possibly the owner."""
STANDING: Mapping[str, Phrases] = {
    "money": Phrases(
        "signed/put/added_you/u_up/down/to/for put/putting/pencil/pencilling/sign/signing/mark/marking/add/adding_you/u_down/for/on/in/to you/u_re/are_in_for/with chip_in spot_me lend_me loan_me you/u_still_owe you/u_owe split_the/it/this we_re_collecting ",
        "dich/euch~angemeldet/eingetragen/eingeplant/aufgeschrieben schreib*/trag*/setz*/notier*_dich~mit/ein/auf du_schuldest du_bekommst_von leg*_zusammen sammeln~fur schuldest_mir ",
        "t_a/ai/ont/avons_inscrit/inscrite/note/mis te/t/vous_mets/note/inscris/compte/ajoute/marque tu/vous_me/nous_dois/doit/devez cagnotte ",
        "te/os_apuntamos/inscribimos/inscribi te/os_apunto/anoto/pongo/meto/apuntamos/anotamos/sumo me/nos_debes juntando/vaquita/colecta ",
        "ti/vi_ho/abbiamo_iscritto/iscritta/segnato/segnata/messo/messa ti/vi_segno/metto/segniamo/mettiamo/conto mi/ci_devi colletta ",
        "te_inscrevemos/inscrevi te/vc/voce_coloco/coloquei/ponho/anoto/boto/incluo vc/voce/tu_me/nos_deve vaquinha juntando racha* ",
        "zet/schrijf/noteer_je/jou~op/erbij/voor ",
    ),
    "meeting": Phrases(
        "we_on are_we_on on_for still_good/on count/counting/counted_on/u_you/u/on are/r_you/u/ya_coming/joining/in/bringing/going/attending you/u/ya_coming/joining/bringing/attending will/ll_be/pick/see/meet_at/there/you/u/me come_over/by/here/round/along/with/to/tonight/tn get_your/ur_ass/butt/down/over i/we_come/drop/swing/pop/stop_by/over/round/at i/we_ll/will/m/re/gonna_come/be/coming/drop/swing/stop you_will_be expecting_you/u we_d_love you/u_be_there you/u_ll_be_there be/b_there join_us/me meet_me/us pick_me/us/him/her hop_on ",
        "gilt~noch rechn*/zahl*_fest/auf/mit_mit/dich/dir kommst/kommt/kimmst steht~noch holst/holt/fahrst/bringst_du/mich/uns/mi du_bist/kommst/wirst/fahrst~dabei/da/mit/vorbei/dort bist/bisch/seid_du/ihr~dabei/dort ich/i/wir/mir_komm*/kimm ich/i/wir_bin/war/sind/schau/fahr*~da/vorbei/rum komm~vorbei/rum/ruber/uber/mit/doch/bitte/zu/her schwing schau_vorbei hol*_mich/uns/ihn/sie steht_noch triff ",
        "toujours_ok/bon/partant compte/comptons_sur viens/venez tu/vous/t_viens/venez/passes/seras/serez/arrives/rejoins ramene_toi/ton je/on/j_passe/viens/arrive/debarque/serai sera_la seras_la rejoins_nous/moi/on passe_me/nous/chez/prendre/a/ce viendras/viendrez/viendrais ",
        "sigue_en/lo/pie contamos/cuento/contando_contigo/con vienes venis venes vendras vendrias vas_a_venir/estar/ir paso/pasamos/voy/llego/vamos_a/por/para/hacia ven/veni/venite/vente/vengan vas/vais_al/a_la/ir recoges recojes te_recojo/busco/espero/esperamos pasas/pasate/pasa_por/a/manana acompanas apareces estaras ",
        "contiamo/conto_su/di vieni/venite verrai/verresti passo/passiamo/vengo/arrivo_da/a/alle/io/li/verso passi/passa_da/a/alle ci_sei/sarai/siete_a/all/al/alla/lunedi/domani/stasera/venerdi/sabato/domenica/anche/per/vero/pure ti_aspetto/aspettiamo muoviti raggiungici raggiungimi ",
        "^_ta_de_pe de_pe_$ contar/contando/contamos_com/contigo vem/vens/venha/vira vai/vais/vao_estar/vir/ir/no/na/ao passo/chego/vou/passamos_ai/la/na/no/as/por cola_aqui/ai/la/com/no/na aparece/apareca busca/buscar/pega_me/eu/a/ele/no/na/gente te/vos_espero/esperamos/aguardo bora ",
        "reken/rekenen_op kom/kom_je/langs/naar/hier ik_kom/ben wees_er haal_me/mij/ons ",
    ),
    "time": Phrases(
        "are/r_you/u_free/available/around/off/busy you/u_free/available/around free_tonight/tomorrow/on/this/later/next/at got_time/a_sec/minute/moment have_time/an_hour got/have~time/hour/minutes/mins/hours/minute/sec move/push/shift/postpone/reschedule~call/meeting/to/it watch/mind/babysit/look_the/my/our/after ",
        "zeit_am/fur/morgen/heute/nachher/zum/zu/kurz/um/nachste/fur/samstag/sonntag/montag/dienstag/mittwoch/donnerstag/freitag verschieb* schieben verleg* passt_dir/es/du/auch/das/dir passt_s geht*_auch/dir/bei/am/um/s statt_mittwoch/montag/dienstag/donnerstag/freitag aufpassen babysitten ",
        "es/etes/seras/serais_dispo*/libre dispo decaler reporter repousser te/vous/t_va/convient/arrange garder_les/le/la/mon/ma/mes une_heure ",
        "estas/estaras/esta_libre/disponible tienes/tenes/tendrias_una_hora/horita tienes/tenes/tendrias_un_rato/momento/minuto/hueco/ratito tienes/tenes/tendrias_tiempo/hueco/rato mover/cambiar/retrasar/adelantar/posponer_la/el/a te/os/le_va/viene/queda_bien/mejor quedar_con/te cuidar/cuidas/cuidame ",
        "sei/siete/saresti_libero/libera/liberi/disponibile hai/avete/avresti_un_ora/attimo/minuto/minutino/momento/secondo hai/avete/avresti_una_mezz*/oretta hai/avete/avresti_tempo/mezz* spostare/rimandare/anticipare~alle/la/il/a ti/vi_va/andrebbe_bene/bene tieni/tenere/guardi_i/il/la/le ",
        "ta/esta/estas/tas_livre/disponivel tem/tens/teria_tempo/tempinho/disponibilidade tem/tens/teria_um/uma_hora/horinha/tempo/tempinho/minuto/minutinho mudar/adiar/remarcar/passar/antecipar_a/o/pra/para/pras fica/ficas/ficar_com ",
        "vrij_op/om/morgen/vanavond/zaterdag tijd_om/voor/morgen/vandaag verzet* verplaats* oppassen ",
    ),
    "decision": Phrases(
        "do/shall/should/so_we agree agreed we_d/ll/re_start/go/begin/take let_s lets deal_or/$ sign_off approve* go_with go_ahead take_the_flat/house/offer what_about how_about ok/okay/fine/cool_with_you/u/that/it/this we_say call_it ",
        "sind_wir_uns einig einverstanden sollen/wollen/nehmen/machen/fangen/verkaufen/kaufen/buchen/lassen/sagen/bleiben/teilen/starten_wir recht_wenn/so ok_fur_dich abgemacht was_haltst wie_war wir_fangen/machen/nehmen/starten ",
        "on_est_bon/bons/bonnes/d/ok d_accord/acc on_prend/part/fait/dit/commence/vend/garde/retire/annule/reserve/leur/lui/signe/choisit/met/y/partage/se/achete/valide/maintient/reste ca_roule_pour bon_pour_toi/vous qu_en_dis/penses/dirais et_si je_resilie/annule/reserve/commande/valide/confirme/signe/lui/leur ",
        "de_acuerdo lo/la/los_dejamos/cogemos/hacemos/vendemos/compramos/firmamos/aceptamos cancelo/reservo/confirmo/compro/firmo/pido/contrato/acepto vamos/quedamos_con/en/a/por que_te_parece que_tal_si y_si te_parece cerramos trato ",
        "d_accordo prendiamo/andiamo/vendiamo/cominciamo/facciamo/iniziamo/diciamo/compriamo/firmiamo/accettiamo/teniamo/prenotiamo/ritiriamo/lasciamo disdico/cancello/prenoto/confermo/ordino/firmo/compro/annullo che_ne_dici/pensi va_bene_se/per per_te ",
        "combinado fechado concorda vamos_de/com/fazer/vender/comprar/fechar/ficar a_gente_fica/vende/compra/fecha/faz/vai/cancela/aceita/divide/comeca/se comecamos/ficamos/vendemos/falamos/fechamos/marcamos cancelo/reservo/confirmo/compro/assino/fecho/aceito/peco o_que_acha/achas que_tal_se/a/as/sabado/domingo/amanha de_acordo ",
        "akkoord zullen_we eens doen_we nemen_we wat_denk goed_voor_jou spreken_we ",
    ),
}
"""Phrases that are a request by themselves, by kind."""
MEETS = Phrases(
    "see_you/u/ya meet meeting still_on ",
    "sehen/sehn/treffen_uns/wir seh*_wir ",
    "on_se_voit/retrouve/rejoint a_tout toujours_bon/d se_retrouve ca_tient rendez_vous rdv ",
    "nos_vemos quedamos nos_juntamos en_pie ",
    "ci_vediamo ci_troviamo vediamoci confermato ",
    "se_ve/encontra/vemos nos_vemos te_vejo de_pe ",
    "zien_elkaar zie_je spreken_af ",
)
"""Phrases that are a request if they name a time."""
PLEASE = Phrases(
    "do_me_a do_us_a tu_mir_den tu_mir_bitte rends/fais_moi_un/service/ce/le hazme_el/un fammi_il/un/questo quebra_esse/um/essa me_faz_um/esse merci_de/d veuillez bitte_um si_prega le/les_ruego kindly gostaria_que we_d_appreciate please pls plz plss pleasee bitte* bidde biddee stp svp s_il_te s_il_vous porfa porfi porfis por_fa por_favor xfa pf pff favor per_favore per_piacere pfv pfvr pvf pls alsjeblieft aub svp ti_prego te_pido te_ruego dai"
)
TAGS = Phrases(
    "ok_$ okay_$ okey_$ oki_$ k_$ kk_$ alright_$ deal_$ agreed_$ works_for_you/u_$ is_that_ok/okay/fine/alright_$ ",
    "passt_$ passts_$ passt_das/so_$ einverstanden_$ in_ordnung_$ ok_fur_dich/euch_$ gebongt_$ abgemacht_$ geht_klar_$ ",
    "d_accord/acc_$ dac_$ dacc_$ ca_te/vous_va_$ ca_marche/roule_$ bon/ok_pour_toi/vous_$ t_es_ok_$ ",
    "vale_$ dale_$ de_acuerdo_$ te_parece_$ te_parece_bien_$ te_va_bien_$ listo_$ ",
    "va_bene_$ d_accordo_$ ti_va_$ ti_va_bene_$ ci_stai_$ ",
    "blz_$ beleza_$ pode_ser_$ combinado_$ fechado_$ ",
    "oke_$ akkoord_$ is_goed_$ afgesproken_$ ",
)
"""Phrases that state a plan and ask for agreement."""
ASKED_TAGS = Phrases(
    "fine_$ cool_$ good_$ yeah_$ yes_$ yea_$ sounds_good_$ you/u_in_$ right_$ ja_$ gell_$ recht_$ oui_$ ca_va_$ hein_$ va_$ sale_$ si_$ bien_$ te_va_$ bene_$ vero_$ tudo/td_bem_$ ta_$ ta_bom_$ certo_$ sim_$ tranquilo_$ ne_$ goed_$"
)
"""Phrases that do the same only before a question mark."""
WONDERS = listed(
    "what whats when where who how hows why which was wann wo wer wie warum wieso weshalb welche welcher welches "
    "wohin woher wieviel wofur wozu que quoi quand ou qui comment pourquoi combien quel quelle cuando donde quien "
    "como cuanto cuanta cuantos cual cosa che quando dove chi perche quanto quanti quanta quale onde quem porque "
    "quantos quantas qual wanneer waar wat hoe waarom wie welke"
)
"""Words that begin a question that cannot be answered by yes or no."""
SECOND = listed(
    "you u ya yall youre youll youd du ihr jij jullie tu vous vc vcs voce voces ce usted ustedes vos lei voi toi "
    "contigo"
)
CLITICS = listed("me nos mi ci mir m te")
CONJUNCTIONS = listed("se si che que")
POSSESSIVES = listed(
    "your ur yours dein deine deinen deinem deiner euer eure euren ton ta tes votre vos tu tus tuyo tuya "
    "vuestro vuestra tuo tua tuoi tue vostro vostra seu sua seus suas teu jouw jullie"
)
PERSONAL = (
    POSSESSIVES
    | SECOND
    | listed(
        "i we me us my our ich wir mir mich uns mein meine meinen meiner je j on nous moi mon ma mes notre yo nos "
        "nosotros mi mis nuestro nuestra io noi ci mio mia miei nostro nostra eu a nos meu minha meus te ti dir dich "
        "euch toi ik we mij ons mijn ai aqui"
    )
)
LEADS = listed("le les lo la se que si")
FILLERS = listed(
    "hey hi hello yo oi ey hallo hola ciao salut coucou und and et y e dann then so also alors donc entonces "
    "allora entao ok okay btw oh ah na mal noch dis bon ben senti oye che mano cara bro man dude ehi ei ola opa "
    "tipo pues bueno aber but pero ma mas mais great super genial grande show dude hoi en dus maar du sag say "
    "kurz random quick one listen ah aah eh"
)
NO_VERBS = listed(
    "bist hast isst ist erst fast rest best lust sonst selbst meist angst dienst post just must last first fest test cost east "
    "west most host guest this yes always does was plus sous dans tres mais apres thats whats theres lets guys "
    "kids thanks unas unos nous vous deux sometimes yes besides gracias buenas buenos dias noches tardes muchas "
    "muchos jajas nosotras nosotros antes lejos menos entonces todas todos estas estos esas esos cosas oggi ieri "
    "quasi tutti amici complimenti auguri anni ogni poi mai lui noi cosi quindi anzi forse dei nei degli altri "
    "ragazzi soldi pois depois duas seus suas meus minhas eles elas nossas demais parabens estamos somos hemos "
    "tenemos temos siamo abbiamo eravamo fomos fuimos estavamos ibamos teníamos primos ultimos mismos minimos "
    "maximos"
)
"""Words that only end like a verb."""
DAYS = listed(
    "monday tuesday wednesday thursday friday saturday sunday today tonight tomorrow montag dienstag mittwoch "
    "donnerstag freitag samstag sonnabend sonntag heute morgen ubermorgen lundi mardi mercredi jeudi vendredi "
    "samedi dimanche demain aujourd lunes martes miercoles jueves viernes sabado domingo hoy manana lunedi "
    "martedi mercoledi giovedi venerdi domenica oggi stasera domani dopodomani segunda terca quarta quinta sexta "
    "hoje amanha maandag dinsdag woensdag donderdag vrijdag zaterdag zondag vandaag vanavond overmorgen"
)
