"""Invented names and places; no person, town, insurer or hospital here is a real one.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""


def listed(text: str) -> list[str]:
    """Split a list that is written as one text."""
    return text.split(",")


GIVEN_NAMES = {
    "F": listed(
        "Mia,Chloé,Aisha,Olive,Thi Lan,Grace,Ngozi,Saoirse,Priya,Zoë,Mei-Lin,Elena,Ruby,Amara,"
        "Ingrid,Noémie,Kirra,Fatima,Harriet,Leilani,Beatriz,Hana,Siobhán,Wren"
    ),
    "M": listed(
        "Jack,Omar,José,Liam,Minh,Tāne,Henry,Arjun,Søren,Kofi,Jean-Luc,Dmitri,Oscar,Hiroshi,"
        "Callum,Mateo,Tomás,Jarrah,Samir,Angus,Wei,Björn,Elias,Patrick"
    ),
}
GIVEN_NAMES["X"] = ["Robin", "Sasha", "Quinn", "Ash", "Jules", "Kim", *GIVEN_NAMES["F"][:6]]

FAMILY_NAMES = listed(
    "O'Brien,Nguyễn,Müller-Hayes,Singh,D'Angelo,Kowalski,Tran,Okafor,McAllister,García,Papadakis,"
    "Chen,Ferreira,Lindqvist,Haddad,Whitlock,Tamihana,van der Berg,Petrović,O'Sullivan,Yamamoto,"
    "Abernathy,Dubois,Sørensen,Rahman,Castellano,Baird-Lowe,Okonkwo,Thistlewood,Ashgrove,Marlowe,"
    "Le Roux,Brannigan,Kaur,Nakamura,Fitzwilliam,Santos,Ibrahim,Wójcik,Penhaligon"
)

STREETS = listed(
    "Wattle Street,Bottlebrush Avenue,Old Mill Road,Lantern Lane,Grevillea Crescent,"
    "Shearers Way,Kingfisher Parade,Dray Track,Boronia Close,Ferry Road"
)

# The postcodes lie in a range that is not in use.
TOWNS = {
    "Coast": ("Pelican Sands NSW 2990", "Paperbark Landing NSW 2991"),
    "Highlands": ("Lyrebird Hollow NSW 2992", "Wombat Rise NSW 2993"),
    "Plains": ("Emu Flat NSW 2994", "Saltbush Junction NSW 2995"),
    "Riverland": ("Platypus Reach NSW 2996", "Cockatoo Bend NSW 2997"),
    "Metro": ("Gumnut Quay NSW 2998", "Currawong Heights NSW 2999"),
}

INSURERS = {"Public only": 46, "Bluegum Health": 22, "Lyrebird Mutual": 18, "Wattle Cover": 14}
INSURANCE_PREFIXES = {"Bluegum Health": "BH", "Lyrebird Mutual": "LM", "Wattle Cover": "WC"}

# Numbers set aside in Australia for use in fiction.
FICTION_MOBILES = ("006", "110", "156", "157", "158", "159", "313", "737")

PLAIN_LETTERS = str.maketrans("éëāøöáíñćóüễ", "eeaooaincoue")


def plain(name: str) -> str:
    """Spell a name as it is written in an e-mail address."""
    letters = name.lower().translate(PLAIN_LETTERS)
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())
