"""Phrases from which the sentences of the demo corpus are composed, and the tags of their words.

A row is (phrase, triples). `S` in the triples is the subject that the phrase is said of; the other
names are the slots of the phrase.
    {P} {O} {B} {U} {C} {N} {W}   person, organisation, company, university, city, country, work;
                                  a digit tells two apart, `+` allows two joined by "and"
    {birth?} {start?} {time?} {adv?} {still?}   fillers, left out at random
    {year} {wife} {her}           a year; words that agree with the subject's gender
    was|were                      singular|plural; without one not said of several subjects
    founded/VBN                   a tag other than the one in LEXICON
Rows without triples are the hard negatives. Hearsay ("reportedly") counts as stated. `married_to`
holds both ways and is written once: its head is the spouse named first. "The capital of" states
capital_of alone: that a city lies in a country has to be said.
"""

from __future__ import annotations

Row = tuple[str, str]

LABELS = {
    "P": "PERSON",
    "O": "ORG",
    "B": "ORG",
    "U": "ORG",
    "C": "CITY",
    "N": "COUNTRY",
    "W": "WORK",
}

PREDICATES: dict[str, list[Row]] = {
    "P": [
        ("was|were {adv?} born/VBN in {C} {birth?}", "S born_in C"),
        ("was|were born/VBN and raised/VBN in {C}", "S born_in C"),
        ("came|came into the world in {C} {birth?}", "S born_in C"),
        ("is a native of {C}", "S born_in C"),
        ("was|were born/VBN in {C} to a family of doctors", "S born_in C"),
        ("{still?} lives|live in {C}", "S lives_in C"),
        ("{still?} resides|reside in {C}", "S lives_in C"),
        ("has|have lived/VBN in {C} since {year}", "S lives_in C"),
        ("settled|settled in {C} {time?}", "S lives_in C"),
        ("makes {her} home in {C}", "S lives_in C"),
        ("{still?} works|work for {O}", "S works_for O"),
        ("is|are {still?} employed/VBN by {O}", "S works_for O"),
        ("has|have worked/VBN for {O} since {year}", "S works_for O"),
        ("is the chief executive of {B}", "S works_for B"),
        ("heads the research department of {O}", "S works_for O"),
        ("took a job at {O} {time?}", "S works_for O"),
        ("teaches|teach at {U}", "S works_for U"),
        ("{adv?} founded|founded {O+} {start?}", "S founded O"),
        ("set|set up {O} {start?}", "S founded O"),
        ("{adv?} established|established {O} {start?}", "S founded O"),
        ("co - founded|founded {B}", "S founded B"),
        ("is the founder of {O}", "S founded O"),
        ("founded|founded and {still?} runs|run {B}", "S founded B; S works_for B"),
        ("is the founder and chief executive of {B}", "S founded B; S works_for B"),
        ("{adv?} married {P} {time?}", "S married_to P"),
        ("is {still?} married/VBN to {P}", "S married_to P"),
        ("has been married/VBN to {P} since {year}", "S married_to P"),
        ("is the {wife} of {P}", "S married_to P"),
        ("tied the knot with {P} {time?}", "S married_to P"),
        ("wrote|wrote {W+} {time?}", "S author_of W"),
        ("{adv?} penned|penned {W}", "S author_of W"),
        ("is the author of {W+}", "S author_of W"),
        ("is best known/VBN for writing the novel {W}", "S author_of W"),
        ("published {W} {time?}", "S author_of W"),
        ("was|were born/VBN and {still?} lives|live in {C}", "S born_in C; S lives_in C"),
        ("visited|visited {C} {time?}", ""),
        ("grew|grew up in {C}", ""),
        ("was|were not born/VBN in {C}", ""),
        ("never lived|lived in {C}", ""),
        ("gave a lecture in {C} {time?}", ""),
        ("never worked|worked for {O}", ""),
        ("did|did not found/VB {O}", ""),
        ("criticised|criticised the management of {B} {time?}", ""),
        ("declined|declined an offer from {B}", ""),
        ("sued|sued {B} over a broken contract", ""),
        ("interviewed|interviewed {P} {time?}", ""),
        ("is not married/VBN to {P}", ""),
        ("thanked|thanked {P} for the support", ""),
        ("reviewed|reviewed {W} {time?}", ""),
        ("translated|translated {W} {time?}", ""),
        ("did|did not write/VB {W}", ""),
        ("travelled|travelled across {N} {time?}", ""),
    ],
    "O": [
        ("is {still?} headquartered/VBN in {C}", "S headquartered_in C"),
        ("has its headquarters in {C}", "S headquartered_in C"),
        ("is {still?} based/VBN in {C}", "S headquartered_in C"),
        ("has been based/VBN in {C} since {year}", "S headquartered_in C"),
        ("has its head office in {C}", "S headquartered_in C"),
        ("moved its headquarters to {C} {time?}", "S headquartered_in C"),
        ("is run/VBN from its main office in {C}", "S headquartered_in C"),
        ("was {adv?} founded/VBN by {P+} {start?}", "P founded S"),
        ("was set/VBN up by {P} {start?}", "P founded S"),
        ("was established/VBN by {P+} {start?}", "P founded S"),
        ("owes its existence to its founder {P}", "P founded S"),
        ("is led/VBN by {P}", "P works_for S"),
        ("employs {P} as an adviser", "P works_for S"),
        ("hired {P} {time?}", "P works_for S"),
        ("appointed {P} as chief executive {time?}", "P works_for S"),
        ("{adv?} acquired {B+} {time?}", "S acquired B"),
        ("{adv?} bought {B} {time?}", "S acquired B"),
        ("took over {B} {time?}", "S acquired B"),
        ("completed its takeover of {B} {time?}", "S acquired B"),
        ("was {adv?} acquired/VBN by {B} {time?}", "B acquired S"),
        ("was bought/VBN by {B} {time?}", "B acquired S"),
        ("was taken/VBN over by {B} {time?}", "B acquired S"),
        ("opened a warehouse in {C} {time?}", ""),
        ("closed its shop in {C} {time?}", ""),
        ("is not based/VBN in {C}", ""),
        ("sponsors a music festival in {C}", ""),
        ("was not founded/VBN by {P}", ""),
        ("dismissed the claims of {P} {time?}", ""),
        ("failed to acquire/VB {B} {time?}", ""),
        ("signed a supply contract with {B} {time?}", ""),
        ("was never acquired/VBN by {B}", ""),
        ("sells its products all over {N}", ""),
    ],
    "C": [
        ("is the capital of {N}", "S capital_of N"),
        ("serves as the capital of {N}", "S capital_of N"),
        ("became the capital of {N} {time?}", "S capital_of N"),
        ("has been the capital of {N} since {year}", "S capital_of N"),
        ("replaced {C} as the capital of {N} {time?}", "S capital_of N"),
        ("is the capital and largest city of {N}", "S capital_of N; S located_in N"),
        ("is both the capital and the main port of {N}", "S capital_of N; S located_in N"),
        ("lies in {N}", "S located_in N"),
        ("is located/VBN in the north of {N}", "S located_in N"),
        ("is a busy port in {N}", "S located_in N"),
        ("is the second largest city in {N}", "S located_in N"),
        ("is situated/VBN on the coast of {N}", "S located_in N"),
        ("is the birthplace of {P}", "P born_in S"),
        ("is the city where {P} was born/VBN", "P born_in S"),
        ("is home to the novelist {P}", "P lives_in S"),
        ("houses the headquarters of {B}", "B headquartered_in S"),
        ("is not the capital of {N}", ""),
        ("is twinned/VBN with the city of {C}", ""),
        ("has never been the capital of {N}", ""),
        ("gave a prize to the novelist {P} {time?}", ""),
        ("lost a lawsuit against {B} {time?}", ""),
    ],
    "N": [
        ("has its capital in {C}", "C capital_of S"),
        ("chose {C} as its capital {time?}", "C capital_of S"),
        ("is governed/VBN from its capital {C}", "C capital_of S"),
        ("made the port of {C} its capital {time?}", "C capital_of S"),
        ("counts {C} among its oldest cities", "C located_in S"),
        ("built an airport near its second city {C}", "C located_in S"),
        ("signed a treaty with {N} {time?}", ""),
        ("opened an embassy in the city of {C} {time?}", ""),
        ("gave a medal to the novelist {P} {time?}", ""),
        ("imported its first trains from {B} {time?}", ""),
    ],
    "W": [
        ("was {adv?} written/VBN by {P+} {time?}", "P author_of S"),
        ("is a novel by {P}", "P author_of S"),
        ("was penned/VBN by {P}", "P author_of S"),
        ("is the work/NN of {P}", "P author_of S"),
        ("is the best known/VBN book by {P}", "P author_of S"),
        ("was translated/VBN by {P} {time?}", ""),
        ("was not written/VBN by {P}", ""),
        ("is set/VBN in the city of {C}", ""),
        ("was praised/VBN by the critic {P} {time?}", ""),
        ("sold well in {N}", ""),
    ],
}

APPOSITIONS: dict[str, list[Row]] = {
    "P": [
        ("a native of {C}", "S born_in C"),
        ("born/VBN in {C} {birth?}", "S born_in C"),
        ("a resident of {C}", "S lives_in C"),
        ("now living/VBG in {C}", "S lives_in C"),
        ("an engineer at {O}", "S works_for O"),
        ("a representative of {O}", "S works_for O"),
        ("head of sales at {B}", "S works_for B"),
        ("the founder of {O}", "S founded O"),
        ("founder and chief executive of {B}", "S founded B; S works_for B"),
        ("the {wife} of {P}", "S married_to P"),
        ("the author of {W}", "S author_of W"),
        ("author of the novel {W}", "S author_of W"),
        ("whose novel {W} won a prize {time?}", "S author_of W"),
        ("a friend of {P}", ""),
        ("a frequent guest in {C}", ""),
        ("a critic of {B}", ""),
        ("whose parents live/VBP in {C}", ""),
        ("a retired engineer", ""),
    ],
    "O": [
        ("based/VBN in {C}", "S headquartered_in C"),
        ("an organisation with headquarters in {C}", "S headquartered_in C"),
        ("founded/VBN by {P} {start?}", "P founded S"),
        ("the creation of {P}", "P founded S"),
        ("whose chief executive is {P}", "P works_for S"),
        ("the new owner of {B}", "S acquired B"),
        ("a rival of {B}", ""),
        ("a sponsor of the museum in {C}", ""),
        ("a long - time supplier of {B}", ""),
    ],
    "C": [
        ("{N}", "S located_in N"),
        ("a city in {N}", "S located_in N"),
        ("a small town in the south of {N}", "S located_in N"),
        ("the capital of {N}", "S capital_of N"),
        ("the capital and largest city of {N}", "S capital_of N; S located_in N"),
        ("the birthplace of {P}", "P born_in S"),
        ("where {B} has its headquarters", "B headquartered_in S"),
        ("a short drive from {C}", ""),
        ("once a rival of {C}", ""),
    ],
    "N": [("whose capital is {C}", "C capital_of S"), ("a neighbour of {N}", "")],
    "W": [
        ("a novel by {P}", "P author_of S"),
        ("written/VBN by {P} {time?}", "P author_of S"),
        ("the first book by {P}", "P author_of S"),
        ("a novel set/VBN in the city of {C}", ""),
    ],
}

# How a subject is introduced. The plain form is chosen most of the time.
HEADS: dict[str, list[Row]] = {
    "P": [
        ("the novelist {S}", ""),
        ("the engineer {S}", ""),
        ("Dr. {S}", ""),
        ("{B} engineer {S}", "S works_for B"),
        ("{B} founder {S}", "S founded B"),
        ("the author of {W} , {S} ,", "S author_of W"),
        ("{P} 's {wife} {S}", "P married_to S"),
    ],
    "O": [
        ("the {C} - based/VBN company {S}", "S headquartered_in C"),
        ("the company {S}", ""),
        ("{P} 's employer , {S} ,", "P works_for S"),
    ],
    "C": [
        ("the city of {S}", ""),
        ("the port of {S}", ""),
        ("{N} 's capital , {S} ,", "S capital_of N"),
    ],
    "N": [],
    "W": [
        ("the novel {S}", ""),
        ("{P} 's novel {S}", "P author_of S"),
        ("{P} 's first book , {S} ,", "P author_of S"),
    ],
}

PARTICIPLES: dict[str, list[Row]] = {
    "P": [
        ("born/VBN in {C} {birth?}", "S born_in C"),
        ("born/VBN and raised/VBN in {C}", "S born_in C"),
        ("married/VBN to {P}", "P married_to S"),
        ("employed/VBN by {O} since {year}", "S works_for O"),
        ("after a visit to {C}", ""),
        ("unlike {P}", ""),
    ],
    "O": [
        ("founded/VBN by {P} {start?}", "P founded S"),
        ("headquartered/VBN in {C}", "S headquartered_in C"),
        ("once a rival of {B}", ""),
    ],
    "C": [("situated/VBN on the coast of {N}", "S located_in N"), ("once a rival of {C}", "")],
    "N": [("a neighbour of {N}", "")],
    "W": [("written/VBN by {P}", "P author_of S"), ("unlike {W}", "")],
}

# Whole sentences that have no subject phrase to compose with.
WHOLES: list[Row] = [
    ("{P} and {P2} got married/VBN {time?}", "P married_to P2"),
    ("{P} and {P2} have been married/VBN since {year}", "P married_to P2"),
    ("{P} and {P2} are husband and wife/NN", "P married_to P2"),
    ("the author of {W} is {P}", "P author_of W"),
    ("it was {P} who wrote {W}", "P author_of W"),
    ("{P} , not {P2} , wrote {W}", "P author_of W"),
    ("the founder of {B} is {P}", "P founded B"),
    ("it was {P} who founded {B}", "P founded B"),
    ("{B} was founded/VBN by {P} , who {still?} runs it", "P founded B; P works_for B"),
    ("{P} left {B} {time?} and founded {B2}", "P founded B2"),
    ("{P} works for {B} , not for {B2}", "P works_for B"),
    ("among the staff of {B} is {P}", "P works_for B"),
    ("the birthplace of {P} is {C}", "P born_in C"),
    ("the capital of {N} is {C}", "C capital_of N"),
    ("it was {C} , not {C2} , that/WDT became the capital of {N}", "C capital_of N"),
    ("the headquarters of {B} are in {C}", "B headquartered_in C"),
    ("the takeover of {B} by {B2} was completed/VBN {time?}", "B2 acquired B"),
    ("{B} was sold/VBN to {B2} {time?}", "B2 acquired B"),
    ("{C} - based/VBN {B} has acquired/VBN {B2}", "B headquartered_in C; B acquired B2"),
    ("{P} , who founded {B} , sold it to {B2} {time?}", "P founded B; B2 acquired B"),
    ("{P} met {P2} in {C} {time?}", ""),
    ("neither {P} nor {P2} works for {B}", ""),
    ("there is a statue of {P} in {C}", ""),
    ("the brother of {P} works for {B}", ""),
    ("{P} 's son was born/VBN in {C}", ""),
    ("a former employee of {B} moved to {C} {time?}", ""),
    ("{B} denied reports that/IN it had/VBD acquired/VBN {B2}", ""),
    ("a train from {C} to {C2} was delayed/VBN {time?}", ""),
    ("no one/NN knows whether {P} wrote {W}", ""),
    ("talks between {B} and {B2} broke down {time?}", ""),
]

LEADS = (
    "according to local reports ,",
    "by all accounts ,",
    "as a newspaper reported ,",
    "to the surprise of many ,",
)
LEAD_TIMES = ("last spring ,", "in {year} ,", "two years ago ,", "on {day} ,")
FILLERS: dict[str, tuple[str, ...]] = {
    "birth": (
        "in {birthyear}",
        "in {birthyear}",
        "in {month} {birthyear}",
        "on 3 {month} {birthyear}",
    ),
    "start": ("in {startyear}", "in {startyear}", "in {month} {startyear}"),
    "time": (
        "in {year}",
        "in {month} {year}",
        "last spring",
        "two years ago",
        "on {day}",
        "last week",
    ),
    "adv": ("reportedly", "apparently"),
    "still": ("still", "now", "currently"),
}
MONTHS = ("January", "March", "April", "June", "September", "October", "December")
DAYS = ("Monday", "Tuesday", "Thursday", "Friday")
# Births come before foundings and these before all other dates: no life is told in wrong order.
YEARS = {"birthyear": (1930, 1948), "startyear": (1968, 1989), "year": (1990, 2020)}

# Six sentences that belong together; slots keep their names throughout.
DOCUMENT: list[str] = [
    "{B} was founded/VBN by {P} in 1984 .",
    "the company {B} is headquartered/VBN in {C} , the capital of {N} .",
    "{P} , who was born/VBN in {C2} , is married/VBN to {P2} .",
    "{P2} is the author of {W} and lives in {C} .",
    "last spring , {B} acquired {B2} , which is based/VBN in {C3} .",
    "{P3} , an engineer at {B2} , never worked for {B} .",
]

_TAGGED_WORDS = {
    "DT": "a an the no all both this neither",
    "IN": """near in by for of at to from as since with into on over across after unlike among
        between according against whether""",
    "CC": "& and but not nor while",
    "RB": """not never still now currently reportedly apparently once well best ago""",
    "RP": "up down",
    "CD": "two 3 one 1984",
    "EX": "there",
    "PRP": "it",
    "PRP$": "her his its",
    "WP": "who",
    "WP$": "whose",
    "WRB": "where",
    "WDT": "which",
    "POS": "'s",
    "HYPH": "-",
    ",": ",",
    ".": ".",
    "JJ": """last chief largest main busy second late local short small frequent retired new long
        former oldest first broken many""",
    "VBG": "writing",
    "VBD": """was were came settled took founded set established married tied wrote penned
        published visited grew lived gave worked did criticised declined sued interviewed
        thanked reviewed translated travelled moved hired appointed acquired bought
        completed opened closed dismissed failed signed became replaced lost chose made
        built imported sold won got left met denied broke""",
    "VBN": "been reported",
    "VBZ": """is has lives resides works makes heads teaches runs owes employs sponsors sells
        serves lies houses counts knows""",
    "VBP": "are have live reside work teach run",
    "NN": """world native family home executive research department job founder author novel
        lecture management offer contract support head office existence adviser takeover
        warehouse shop music festival supply capital city port north coast birthplace prize
        lawsuit airport treaty embassy medal book critic resident engineer representative
        friend guest company creation owner rival sponsor museum time supplier town south
        drive neighbour novelist employer visit dispute husband wife staff statue brother
        son employee organisation train spring week surprise newspaper knot""",
    "NNS": """doctors sales parents headquarters products claims cities trains reports talks
        accounts years""",
    "AFX": "co",
    "NNP": "dr.",
}
LEXICON = {word: tag for tag, words in _TAGGED_WORDS.items() for word in words.split()}
