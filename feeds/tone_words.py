"""Words of good and bad tone, by language; ``*`` stands for any ending. Without accents.

Short on purpose, and about what people say of a city: lists are read, argued about and changed.
A word that is as often one as the other (``free``, ``pretty``, ``sick``) stands in none.
"""

from collections.abc import Mapping

POSITIVE: Mapping[str, str] = {
    "en": """
        amazing awesome beautiful best better brilliant bravo calm charming cheer* clean
        comfort* congrat* cool delight* easy efficient enjoy* excellent excited exciting
        fantastic fast fixed friendly fun gorgeous grateful great good happy helpful
        impress* improve* incredible inspiring kudos liked lively love loved lovely loves
        nice outstanding perfect pleasant pleased proud quick quiet recommend* reliable
        safe safer smooth stunning success* super superb thank thanks thankful thrilled
        welcome win winner won wonderful yay
    """,
    "fr": """
        accueillant* admirable* adore* agreable* aime aimons aimez amelior* apprecie* beau
        beaux belle belles bien bienvenue* bon bonne bonnes bons bravo calme* chaleureu*
        charmant* chouette* confortable* content contente contents contentes efficace*
        excellent* extraordinaire* facile* fantastique* felicitation* fier* fiere*
        formidable* genial* gentil* grace heureu* impressionnant* joie joli* magnifique*
        meilleur* merci merveill* parfait* plaisir* propre* rapide* ravi ravie ravis
        recommande* reussi* reussite* sublime* succes super superbe* sympa* tranquille*
        utile*
    """,
    "es": """
        adoro agradable* agradec* alegr* amable* amo bello* bella* bien bienvenid* bonit*
        bravo buen buena buenas bueno buenos calidad comod* content* disfrut* eficaz
        eficiente* encant* estupend* excelente* exito* facil faciles fantastic* felic*
        feliz genial* gracias hermos* increible* limpi* lind* logro* maravill* magnific*
        mejor* orgull* perfect* precios* rapid* recomiend* simpatic* tranquil* util utiles
    """,
}
NEGATIVE: Mapping[str, str] = {
    "en": """
        abandoned abysmal afraid angry annoy* appalling awful bad badly broken chaos
        chaotic complain* corrupt* crash* crime crowded damage* danger* dead delay delayed
        delays dirty disappoint* disaster* disgrace* disgust* dreadful expensive fail*
        fear filthy flood* frustrat* garbage gridlock hate hated hates horrible horrific
        hurt incompetent jammed late litter lose lost mess messy miserable mugged neglect*
        nightmare noisy outage outrage* overpriced poor pothole* problem* ridiculous
        robbed rude sad scared scary shame* shut slow smell* stink* stolen struggl* stuck
        stupid terrible threat* ugly unacceptable unfair unhappy unsafe upset useless
        vandal* violen* wait* waste worse worst wrong
    """,
    "fr": """
        abandon* abime* absurde* accident* affreu* agress* arnaque* bouchon* bruit*
        bruyant* casse casses cassee cassees catastroph* chaos chaotique* colere danger*
        deception* decu* degrad* degueulasse* degout* deplorable* desastr* detest*
        dommage* echec* embouteill* enerv* ennui* erreur* fache* galere* grave* gravement
        haine honte* horrible* horreur* impossible* inacceptable* incapable* incendie*
        incompeten* injuste* inond* insalubre* insecur* insupportable* inutile* lent* mal
        malheureu* mauvais* mechan* menace* minable* mort* nul* nuisance* panne* penible*
        perdu* peur* pire* plainte* plaint pollu* pourri* probleme* puant* retard*
        ridicule* sale sales scandal* stress* terrible* triste* vandal* victime* violen*
    """,
    "es": """
        abandon* accident* agresion* asco atasc* averia* basura* caos caotic* caro corrup*
        crimen culpa* dano* decepcion* delincuen* desastr* desgracia* dolor enfad* enfado
        error* escandal* estafa* fatal* feo* fea* fracas* fraude grave* guarr* horribl*
        horror imposible* inaceptable* incendio* incompeten* injust* inund* insegur*
        insoportable* inutil* lament* lent* mal mala malas malo malos mentira* miedo
        molest* muert* nefast* odio* odia* peligr* peor* penos* perdid* problem* protest*
        queja* quejas rabia retraso* ridicul* robo robaron roto* rota* ruido* ruidos*
        sucio* sucia* suciedad terrible* trist* vandal* verguenz* violen*
    """,
}
DENIAL: Mapping[str, str] = {
    "en": "not no never none nothing nobody cannot cant dont doesnt didnt isnt wasnt arent werent "
    "wont wouldnt couldnt shouldnt hardly without lacks lack",
    "fr": "pas jamais aucun aucune rien sans ni guere",
    "es": "no nunca jamas ningun ninguna nada nadie sin ni tampoco",
}
