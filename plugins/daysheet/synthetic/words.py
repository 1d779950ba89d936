"""Invented names and phrases; none belongs to a person or a company."""

GIVEN = (
    "Alderwin Brisella Corvane Delphira Emberly Fenwick Galindra Hesper Ithandor Jorvella Kestrin "
    "Lumira Mossander Nerolia Oakley Perrinth Quillon Rowanda Sorrelin Thistlewin Umbriel Velda "
    "Wrennick Xanthera Yarrow Zephyrin Ambrosine Bramwell Cinderly Dovetta Elderin Fiorabel "
    "Gorsedd Hollywin Isoldra Junipera Kelpwin Larkspur Merrowen Nettlebee"
).split()
FAMILY = (
    "Thornbutton Maplewick Quillfeather Brackenshaw Copperglen Dapplewood Elmsparrow Fernhollow "
    "Glimmerford Hazelbarrow Ivorymoss Jaspermill Kettlewright Lanternby Marrowfield Nightwillow "
    "Oatmeadow Pebblestrand Quartzley Rushmantle Silverthimble Tumbledale Underbough Violetcroft "
    "Wickerstone Yewbarrel Zinnwater Ashpocket Birchlantern Cloudberrow Duskrunnel Emberquay "
    "Foxmantle Grasswhistle Harrowbell Inkwellow Jackdawson Kindlebrook Loomstead Milkthistle"
).split()
# Names and texts that trip readers of CSV, of SQL and of spreadsheets.
ODD_GIVEN = (
    'Bart "the Tooth"',
    "Zoë-Łucja",
    "NULL",
    "=1+2",
    "Ann,\nMarie",
    "Señorita Ñandú",
    "O''Bee",
    "ＷＩＤＥ",
)
ODD_FAMILY = (
    "O'Quill",
    "Moss, Jr.",
    "@SUM(A1:A9)",
    "Straße-Çelik",
    "von der \\N Heide",
    "null",
    "Robert'); DROP",
    "李四虚构",
)
CITIES = (
    ("Mossbridge", "ZZ", "00001"),
    ("Upper Fennel", "ZZ", "00002"),
    ("Larchport", "ZY", "00013"),
    ("Saint Nowhere", "ZY", "00014"),
    ("Quince Harbor", "ZX", "00025"),
)
CARRIERS = (
    "Lantern Mutual Dental",
    "Bluefinch Assurance",
    "Cobblestone Benefit Trust",
    "Harborlight Dental Plan",
    "Juniper & Sons Indemnity",
    "Meridian Molar Cover",
    "North Orchard Dental HMO",
    "Pinwheel Health, Inc.",
    "Quarrystone Employees Fund",
    "Tidewater Smiles",
)
EMPLOYER_KINDS = ("Mills", "Foundry", "Bakery", "Logistics", "School District", "Instruments")
REFERRERS = (
    ("Oakmantle Oral Surgery", 1),
    ("Ferrybank Endodontics", 1),
    ("Mossbridge Gazette advertisement", 0),
    ("Search engine", 0),
    ("Road sign on Fennel Street", 0),
)
REMARKS = (
    "",
    "Left a message; will call back.",
    'Patient said "later", then hung up',
    "Prefers mornings, dislikes mint\r\nsecond line of the note",
    "",
    '=HYPERLINK("http://example.invalid","open")',
    "NULL",
    "Réglé en espèces, merci — ok",
    "",
    "a|b;c\tTabbed, with commas",
)
