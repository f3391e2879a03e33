"""Names for the demo corpus, combined from parts that were made up for this project.

A name joins a first name and a surname, a stem and an ending, an adjective and a noun. Every third
surname, stem and noun is held out: no name of train has one of them, every name held out has.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

Own = Callable[[str], str]

POOL_SIZES = {"P": 700, "O": 300, "B": 300, "U": 40, "C": 260, "N": 70, "W": 350}

# Parts, separated by blanks.
FIRST_NAMES = {
    "female": """Anna Livia Marta Helena Ruth Ingrid Clara Noor Selma Tessa Wanda Petra Leonie
    Miriam Freya Daria Elsa Norah Judith Amelie Rosalind Hedda Yvonne Ottilie Lea-Marie Salome
    Birgit Corinna""",
    "male": """Peter Jonas Viktor Emil Tomas Hugo Anton Rafael Edgar Simon Lukas Oskar Adrian Felix
    Henrik Martin Caspar Leopold Stefan Ansel Bruno Milan Rupert Gideon Jan-Erik Magnus Ivo
    Theodor""",
}
INITIALS = "A. B. C. E. F. H. J. K. L. M. R. T."
PARTICLES = ("van", "de", "von", "van der", "ter")
SURNAMES = """Halvard Brenner Whitlow Castellan Okray Lindqvar Marlow Finch Thornbury Vasquell
    Drummel Ekholt Farnaby Gresham Holloran Ibarren Jessop Kettler Lorrimer Mandelay Norrington
    Ostrander Pellworth Quillan Ravensby Stellmark Tarkov Ulvestad Venning Wexcombe Yarrow Zeller
    Ambrosi Bellweather Corvin Dahlmar Erskel Fenwright Gallowey Hartigan Iversby Jorlund Kesselring
    Lanthorne Merrow Nyquell Oldacre Pemberly Rostovar Sandoval Tillbury Umberto Valcour Wendover
    Adlington Berg Crawley Dunmore Eastlake Forsberg Goodwin Harrow Jarrell Kirkwood Lindell Moretti
    Navarro Olander Prescott Renwick Sorrell Tregarth Underhill Vickery Winslade Aldercott Brackley
    Chilvern Delacourt Everhart"""

CITY_STEMS = """North Bram Eller Ash Wick Har Mill Stam Cold Red Oak Thorn Lang King Fair Whit
    Brack Dun Gold Hazel Iron Kel Lind Mar Nor Old Pem Raven Silver Tarn Ulver Wester Yar Alder
    Black Crow Dray Elm Fern Grey Harl Kirk Led Moor Nether Otter Quarr Ros Sand Wolver"""
CITY_ENDINGS = "field ton ford haven port mouth bury wick stead minster dale bridge mere combe"
CITY_PREFIXES = "New Fort Mount Upper"
CITY_SUFFIXES = "Falls Bay Springs Heath"

COUNTRY_STEMS = """Val Nor Kar Zem Tal Bel Mor Ost Ruv Sar Tir Ul Vand Wes Yor Arg Bor Cor Dal Est
    Fenn Gal Hyr Il Jar Kol Lor Mel Nav Orl"""
COUNTRY_ENDINGS = "doria avia mark istan ovia andra enland emberg"
COUNTRY_PREFIXES = "North South Greater"

COMPANY_STEMS = """Nord Hal Bright Kest Ald Vort Lumi Cren Dex Fal Gran Hex Ister Jun Kor Lan Mav
    Nev Orb Pax Quan Rev Sol Tek Umb Ver Wist Xen Zan Axi Bel Cyn Dur Ect Fen Glo Heli Ino
    Jor Kin"""
COMPANY_ENDINGS = "vex tron well ova lux rel dane mond gate ix star line"
COMPANY_SECTORS = """Systems Foods Motors Airlines Pharma Energy Textiles Media Robotics Bank Steel
    Software Chemicals Shipping Instruments Insurance"""
COMPANY_FORMS = "Ltd. Inc. Group Holdings Corp. Partners"
INSTITUTES = "Foundation Institute Museum Trust Academy Hospital"

TITLE_ADJECTIVES = """Silent Last Hidden Broken Distant Burning Pale Crooked Endless Forgotten
    Frozen Gentle Hollow Little Narrow Patient Quiet Restless Scarlet Secret Tall Unfinished
    Wandering Winter"""
TITLE_NOUNS = """Harbour Lantern Orchard Bridge Garden Mirror River Tower Window Island Meadow
    Staircase Compass Feather Winterhouse Ferryman Clockmaker Cartographer Daughter Gardener
    Lighthouse Meridian Nightfall Pilgrim Quarry Schoolroom Tailor Voyage Weaver Almanac Beekeeper
    Causeway Drummer Estuary Foundling Glacier"""
TITLE_FORMS = (
    "The {adjective} {noun}",
    "The {adjective} {noun}",
    "{adjective} {noun}",
    "The {noun}",
    "{noun}",
    "A {adjective} {noun}",
    "The {noun} of Ashes",
    "Letters from the {noun}",
    "Beyond the {noun}",
)


@dataclass(frozen=True)
class Name:
    """One name.

    kind (str): person, company, institute, university, city, country or work: P B O U C N W.
    gender (str): of a person.
    article (bool): whether "the" stands before it.
    city (str): the city's name within a university's.
    """

    text: str
    kind: str
    gender: str = ""
    article: bool = False
    city: str = ""


def make_pools(rng: random.Random, held_out: bool) -> dict[str, list[Name]]:
    """Make the names of each kind; those held out are half as many.

    RETURNS (dict[str, list[Name]]): distinct names by kind.
    """
    pools: dict[str, list[Name]] = {}
    for kind, size in POOL_SIZES.items():
        names: dict[str, Name] = {}
        while len(names) < (size // 2 if held_out else size):
            name = make_name(kind, rng, held_out)
            names[name.text] = name
        pools[kind] = list(names.values())
    return pools


def make_name(kind: str, rng: random.Random, held_out: bool) -> Name:
    """Combine a name of a kind, from held-out parts or from the others."""

    def own(parts: str) -> str:
        return rng.choice([p for i, p in enumerate(parts.split()) if (i % 3 == 2) == held_out])

    makers: dict[str, Callable[[], Name]] = {
        "P": lambda: _person(rng, own),
        "C": lambda: Name(_city(rng, own), "C"),
        "N": lambda: Name(_country(rng, own), "N"),
        "B": lambda: Name(_company(rng, own), "B"),
        "O": lambda: _company_or_institute(rng, own),
        "U": lambda: _university(rng, own),
        "W": lambda: Name(
            rng.choice(TITLE_FORMS).format(
                adjective=rng.choice(TITLE_ADJECTIVES.split()), noun=own(TITLE_NOUNS)
            ),
            "W",
        ),
    }
    return makers[kind]()


def _person(rng: random.Random, own: Own) -> Name:
    gender = rng.choice(list(FIRST_NAMES))
    words = [rng.choice(FIRST_NAMES[gender].split())]
    draw = rng.random()
    if draw < 0.1:
        words.append(rng.choice(INITIALS.split()))
    elif draw < 0.2:
        words.append(rng.choice(PARTICLES))
    return Name(" ".join([*words, own(SURNAMES)]), "P", gender)


def _city(rng: random.Random, own: Own) -> str:
    city = own(CITY_STEMS) + rng.choice(CITY_ENDINGS.split())
    draw = rng.random()
    if draw < 0.15:
        return f"{rng.choice(CITY_PREFIXES.split())} {city}"
    return f"{city} {rng.choice(CITY_SUFFIXES.split())}" if draw < 0.25 else city


def _country(rng: random.Random, own: Own) -> str:
    country = own(COUNTRY_STEMS) + rng.choice(COUNTRY_ENDINGS.split())
    return f"{rng.choice(COUNTRY_PREFIXES.split())} {country}" if rng.random() < 0.1 else country


def _company(rng: random.Random, own: Own) -> str:
    if rng.random() < 0.1:
        return f"{own(SURNAMES)} & {own(SURNAMES)}"
    words = [own(COMPANY_STEMS) + rng.choice(COMPANY_ENDINGS.split())]
    if rng.random() < 0.5:
        words.append(rng.choice(COMPANY_SECTORS.split()))
    if rng.random() < 0.25:
        words.append(rng.choice(COMPANY_FORMS.split()))
    return " ".join(words)


def _company_or_institute(rng: random.Random, own: Own) -> Name:
    if rng.random() < 0.8:
        return Name(_company(rng, own), "B")
    return Name(f"{own(SURNAMES)} {rng.choice(INSTITUTES.split())}", "O", article=True)


def _university(rng: random.Random, own: Own) -> Name:
    city, draw = _city(rng, own), rng.random()
    if draw < 0.3:
        return Name(f"{own(SURNAMES)} Academy", "U", article=True)
    if draw < 0.6:
        return Name(f"University of {city}", "U", article=True, city=city)
    return Name(f"{city} University", "U", city=city)
