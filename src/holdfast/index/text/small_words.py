"""The words that texts of a language are full of, and that say nothing of what a text is about.

Those of English that a query is without are fewer (`search/wording.py`), and were measured.
"""

#: by code of the language; the last ones have no stemmer, and are here so that they are not taken for a neighbour
SMALL_WORDS = {
    "en": "a an and are as at be been but by can could do does for from had has have how i if in into is it its"
    " may more my no not of on one or our should so some such than that the their them then there these"
    " they this to was we were what when where which who why will with would you your d ll m re s t ve",
    "de": "aber alle als also am an auch auf aus bei bin bis da damit dann das dass dem den der des die dies"
    " diese dieser du durch ein eine einem einen einer eines er es für gibt haben hat ich ihr im in ist"
    " ja kann kein keine können man mein mit muss nach nicht noch nur oder sein sich sie sind so über um"
    " und uns unter vom von vor wann war warum was welche welcher welches wenn wer werden wie wir wird wo"
    " wurde zu zum zur",
    "fr": "à au aux avec ce ceci cela ces cet cette comme comment dans de des donc du elle en entre est et été"
    " être eux fait il ils je la le les leur leurs lui mais même mes mon ne nos notre nous on ont ou où"
    " par pas peut plus pour pourquoi quand que quel quelle quels qui quoi sa sans se ses si son sont sur"
    " ta te tout toute tous très tu un une vos votre vous y d j l m n qu s",
    "es": "a al algo como cómo con cual cuál cuando cuándo de del desde donde dónde e el ella en entre era es"
    " esta está este esto estos ha hay la las le lo los más me mi muy no nos o para pero por porque puede"
    " que qué quién se ser si sin sobre son su sus también te tiene todo un una uno unos y ya yo",
    "pt": "a ao aos as até com como da das de dele do dos e é ela em entre era essa esse esta está este eu foi"
    " há isso isto já lhe mais mas me mesmo meu muito na nas não no nos o onde os ou para pela pelo pode"
    " por porque qual quando que quem são se sem ser seu sua suas também te tem um uma umas uns você",
    "it": "a ad ai al alla alle anche che chi ci come con cosa da dai dal dalla dei del della delle di dove e è"
    " ed era gli ha hai ho i il in io la le lo loro ma mi mio nei nel nella non o per perché più può qual"
    " quale quando quello questa questo se sei si sia sono su sua sul sulla tra tu un una uno vi d l"
    " all dall dell nell sull",
    "nl": "aan als bij daar dan dat de deze die dit door een en er had heb heeft het hij hoe hun ik in is je"
    " kan kunnen maar me meer met mijn moet naar niet nog nu of om onder ons ook op over te tot u uit van"
    " veel voor waar waarom wat we welke wel werd wie wij wordt worden zal ze zich zij zijn zo zonder zou",
    "sv": "alla att av bara blev bli både de dem den denna det detta dig din där då efter ej eller en ett från"
    " för ha hade han har hur här i ingen inte jag kan man med men mig min mot mycket måste när och om"
    " oss på sedan sig ska som till under upp ut utan vad var varför vem vid vilken vill",
    "da": "af alle at bliver blev da de dem den denne der deres det dette dig din du efter eller en er et for"
    " fra hade han har havde hun hvad hvem hvis hvor hvordan hvorfor hvornår i ikke ind jeg jer kan man"
    " med meget men mig min mod når og også om op os over på selv sig skal som til ud under var ved vi"
    " vil være",
    "no": "alle at av bare ble bli da de dem den denne der deres det dette deg din du eller en er et etter for"
    " fra han har hadde hun hva hvem hvilken hvis hvor hvordan hvorfor i ikke inn jeg kan man med meg men"
    " min mot mye når og også om opp oss over på seg selv skal som til under ut var ved vi vil være",
    "fi": "ei eivät että hän he ja jo joka jos jotka kanssa koska kuin kun kuinka me miksi mikä mitä missä"
    " mukaan mutta myös ne niin nyt ole oli olla on ovat se sen sinä siitä sitä tai tämä tämän tässä vai"
    " vain voi voit",
    "hu": "a az aki akkor ahol ami amely csak de egy el én és ez ezt fel ha hogy hogyan hol is ki kell le lehet"
    " meg mert mi mikor milyen mint most nagyon nem nincs ő ők pedig s sem szerint több után vagy van"
    " volt",
    "ro": "a acest această acum ai al ale am ar are așa au ca că cand când care ce cel cele cu cum da de din"
    " dar după e ea ei el este eu fi fie fost în la le li lor lui mai mi nu o pe pentru prin sa să sau se"
    " si și sunt un una unde unei unor unui",
    "ca": "a al als amb aquest aquesta com d de del dels el ella els en entre és està fer hi ho i la les li més"
    " molt no nos o on per però perquè pot què quan que qui sense ser seva seu si són també té un una uns"
    " va",
    "tr": "ama bir biri bu çok da daha de değil diye en gibi göre hangi hem her için ile ise kadar kim ki mi mı"
    " mu ne neden nasıl nerede o olan olarak oldu olur sonra şu tüm var ve veya ya yok",
    "pl": "a ale albo bo być był była było być by co czy dla do gdy gdzie go i ich ile ja jak jako jej jest"
    " jeśli już kiedy kto który która które lub ma może można na nad nie niż o od on ona po pod przez"
    " przy są się tak także ten to tym tylko w we z za ze że",
    "cs": "a aby ale ani až bez být byl byla bylo co či do i ja jak jako je jeho její jejich jen jsem jsou k"
    " kde kdo kdy která které který ma má na nebo než od po pod podle pokud pro proč při s se si tak také"
    " tato ten to tento u už v ve více však z za ze že",
    "id": "ada adalah akan anda apa atau bagaimana bahwa banyak belum bisa dalam dan dapat dari dengan di dia"
    " hanya harus ini itu jika juga kami kapan karena ke kita lebih mana mengapa oleh pada saya sebagai"
    " sebuah siapa sudah telah tidak untuk yang",
    "lt": "apie ar arba bet būti buvo dar dėl iki ir iš į jau jei jis jo jos kad kai kaip kas kiek kur kuri"
    " kurie kuris nėra ne nes nuo o per po prie su ši šis tai tik turi už yra",
    "et": "aga ei ega et ja ka kas kes kui kuidas kus ma me mida miks mis mitte ning oli on olla peab saab seda"
    " selle sest siis ta te tema või välja",
    "eu": "ala baina bat batzuk beste bere da dago den dira du edo egin egiten ere eta ez gehiago hau hori izan"
    " non nola nor zein zen zer ziren",
    "ga": "ach ag agus an ar as atá bhí cad cathain chun conas cé de do gach go i is le mar na ní nó ó sé seo"
    " sí sin sna tá",
    "sr": "a ako ali bi bio da do ga gde i ili iz je jer joj kad kada kako kao ko koja koje koji li me mi mu na"
    " ne nije od o po sa se sam si su šta što tako to u uz već za zašto",
    "ru": "а без бы был была были было быть в вам вас во вот все всё вы где да для до его ее если есть ещё же"
    " за и из или им их к как какие какой когда кто ли мне может можно мой мы на над не него нет но о об"
    " он она они от по под при с со так также там то того только у уже чем что чтобы это этот эта эти я",
    "el": "για δεν είναι ένα ένας και με μια να οι που στη στην στο στον τα τη την της τι το του των πώς",
    "ar": "أن أو إلى إن التي الذي على عن في قد كان كيف كل لا لم ما متى مع من هذا هذه هل هو هي و",
    "hi": "और एक कब का कि की के को कैसे क्या जो तक था थी थे नहीं ने पर भी में यह ये लिए वह से हैं है हो",
    "ne": "र एक का को कि गर्न गर्ने छ छन् छैन त तथा थियो नै पनि भने मा यो ले लाई हो हुन्छ",
    "uk": "а або але без був була було бути в вам ви від де для до з за і із її її як які який коли ми можна на"
    " не нас під по при про та також те ти то у хто це ці цей чи що щоб я є їх",
    "bg": "а ако без беше бъде в все да до е за и или как като когато която което който ли между може на не ни"
    " но от по при с са се след със тази това този тя че ще я",
    "sk": "a aby aj ako ale alebo áno bez bol bola bolo by byť čo do i ich iba je jeho k kde keď kto ktorá"
    " ktoré ktorý ma má na nie nie o od po pod podľa pre pri prečo s sa si sú tak tiež to toto u už v vo"
    " viac však z za zo že",
    "fa": "آن از است این با باید بر برای به تا چه چگونه در را شد شده که می‌شود نمی نیست های هر و یا یک",
    "he": "אבל או אולי אותו אחרי איך אין אם אני את זה זו יש כי כל כמו לא לו מה מי מתי על עם רק של שלא",
    "vi": "bị các cái cho có của cũng đã đang để đến được hay không khi là làm một này như những nào ra sẽ tại"
    " thể thì trong từ và vào với",
}  # fmt: skip
