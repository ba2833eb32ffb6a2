"""Word lists that the invented companies and people are named from; any likeness to real ones is chance."""

from __future__ import annotations

STEM_STARTS = (
    "Alv", "Brend", "Corv", "Drey", "Eskel", "Falm", "Garv", "Hald", "Ister", "Jorv", "Kelm", "Lorn",
    "Marv", "Nyst", "Orrin", "Pell", "Quil", "Rask", "Selv", "Torv", "Ulver", "Varn", "Wend", "Yarl",
    "Zell", "Brack", "Cald", "Dunm", "Elver", "Fenr", "Gryd", "Hestr", "Ivel", "Kest", "Lund", "Mord",
    "Oskr", "Prenn", "Rund", "Skell", "Thorn", "Tess", "Urd", "Vent", "Wyn", "Böhr", "Grün", "Märsk",
    "Sørv", "Évr", "O'Tarr", "D'Orl",
)  # fmt: skip
STEM_ENDS = (
    "amere", "wick", "holt", "asund", "moor", "estead", "brook", "haven", "marsh", "vale", "burn", "thwaite",
    "combe", "fell", "gard", "heim", "elund", "arup", "astad", "avik", "hurst", "eley", "ridge", "orra",
    "eshaw", "astow", "eworth", "ora", "ane", "ello", "isk", "onia", "entis", "avel", "andra", "iva",
    "etta", "umbra", "aris", "enne", "otte", "ysta", "ikon", "umar",
)  # fmt: skip
TRADES = {
    "Manufacturing": ("Castings", "Components", "Machine Works", "Tooling", "Bearings"),
    "Food & Beverage": ("Foods", "Dairy", "Breweries", "Bakeries", "Mills"),
    "Chemicals": ("Chemicals", "Coatings", "Polymers", "Resins", "Pigments"),
    "Energy": ("Power", "Heat & Power", "Grid Services", "Wind Farms", "Geothermal"),
    "Water": ("Water Works", "Waterboard", "Filtration", "Desalination", "Reservoirs"),
    "Life Sciences": ("Pharma", "Diagnostics", "Biolabs", "Therapeutics", "Reagents"),
}
LEGAL_FORMS = {
    "North America": ("Inc.", "Corp.", "LLC", "Co."),
    "DACH": ("GmbH", "AG", "GmbH & Co. KG"),
    "UK & Ireland": ("Ltd", "plc", "& Sons"),
    "Nordics": ("AB", "A/S", "Oy", "ApS"),
}
FIRST_NAMES = (
    "Amara", "Anselm", "Beatriz", "Callum", "Céline", "Dagny", "Deepa", "Edwin", "Farah", "Gideon", "Greta",
    "Hugo", "Ines", "Jürgen", "Kaori", "Lennart", "Leila", "Malcolm", "Mireille", "Nadia", "Oskar", "Priya",
    "Quentin", "Renée", "Rowan", "Søren", "Tamsin", "Ulla", "Viktor", "Wanda", "Xiomara", "Yusuf", "Zoë",
    "Marisol", "Tobias", "Eilidh",
)  # fmt: skip
LAST_NAMES = (
    "Ashcombe", "Bergqvist", "Calloway", "Dragomir", "Eberling", "Fairweather", "Grünwald", "Hollister",
    "Ilves", "Jansdotter", "Kowalczyk", "Lindqvist", "Marchetti", "Nakagawa", "O'Hanlon", "Pemberton",
    "Quist", "Rasmussen", "Sandoval", "Thackeray", "Underhill", "Vasquez", "Wetherby", "Yilmaz", "Zielinski",
    "Abernathy", "Bhandari", "Castellanos", "Delacroix", "Engström", "Fitzroy", "Gallardo", "Haverford",
    "Okonkwo", "Trevelyan", "Müllner",
)  # fmt: skip
