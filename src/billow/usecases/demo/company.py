"""The made-up MSP and its customers. Every name, address and number here is invented."""

from dataclasses import dataclass

MSP_NAME = "Fjordlight Cloud Services GmbH"
OWNER_EMAIL = "owner@fjordlight.example"
OWNER_PASSWORD = "close-the-month"  # noqa: S105 - shown at sign-in of the made-up company

LOGO_SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="500" height="120" viewBox="0 0 500 120">
<rect x="4" y="14" width="92" height="92" rx="24" fill="#12355b"/>
<path d="M18 74 C32 50 50 50 62 66 S77 82 84 60" fill="none" stroke="#7fd1ae" stroke-width="9" stroke-linecap="round"/>
<path d="M18 56 C32 34 48 34 60 48 S76 60 84 40" fill="none" stroke="#ffffff" stroke-width="9" stroke-linecap="round"/>
<g fill="none" stroke="#12355b" stroke-width="10" stroke-linecap="round" stroke-linejoin="round">
<path d="M132 84V38H158M132 62H154"/><g transform="translate(-21 0)"><path d="M198 54V90Q198 98 188 98M198 38V38.5"/>
<circle cx="232" cy="69" r="15"/><path d="M268 84V54M268 66Q270 54 284 55"/>
<circle cx="316" cy="69" r="15"/><path d="M331 38V84"/>
<path d="M354 36V84"/><path d="M374 54V84M374 38V38.5"/><circle cx="408" cy="69" r="15"/>
<path d="M423 54V90Q423 102 408 102Q398 102 395 96"/>
<path d="M444 36V84M444 68Q446 54 458 54Q470 54 470 68V84"/>
<path d="M496 40V74Q496 84 506 84M486 56H508"/></g></g></svg>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCustomer:
    """One made-up customer: where it is, what it pays in, and how."""

    name: str
    currency: str
    country_code: str
    address_line_1: str
    postal_code: str
    city: str
    tax_id: str
    payment_terms_days: int = 30
    recipients: int = 1
    purchase_order: str = ""

    @property
    def mailbox(self) -> str:
        """A mailbox name made of the company's name or city, in ASCII."""
        letters = "".join(letter for letter in self.name.lower() if letter.isascii() and letter.isalnum())
        return letters[:20] or self.city.lower()


CUSTOMERS = (
    DemoCustomer(
        name="Nordwind Logistik AG",
        currency="EUR",
        country_code="DE",
        address_line_1="Am Sandtorkai 41",
        postal_code="20457",
        city="Hamburg",
        tax_id="DE811220333",
        recipients=2,
        purchase_order="PO-2026-0417",
    ),
    DemoCustomer(
        name="Harbourline Media Ltd",
        currency="GBP",
        country_code="GB",
        address_line_1="12 Wharf Lane",
        postal_code="BS1 4RN",
        city="Bristol",
        tax_id="GB340112297",
        payment_terms_days=14,
    ),
    DemoCustomer(
        name="Cedar & Pine Outfitters, Inc.",
        currency="USD",
        country_code="US",
        address_line_1="880 Alder Street",
        postal_code="97205",
        city="Portland",
        tax_id="93-1184420",
    ),
    DemoCustomer(
        name="Łódzkie Zakłady Włókiennicze S.A.",
        currency="EUR",
        country_code="PL",
        address_line_1="ul. Piotrkowska 217",
        postal_code="90-451",
        city="Łódź",
        tax_id="PL7251801126",
    ),
    DemoCustomer(
        name="Atelier Brûlé SARL",
        currency="EUR",
        country_code="FR",
        address_line_1="8, rue des Tanneurs",
        postal_code="69001",
        city="Lyon",
        tax_id="FR60420998811",
        payment_terms_days=10,
    ),
    DemoCustomer(
        name="Αιγαίο Ναυτιλιακή Α.Ε.",
        currency="EUR",
        country_code="GR",
        address_line_1="Ακτή Μιαούλη 85",
        postal_code="185 38",
        city="Πειραιάς",
        tax_id="EL094019245",
    ),
    DemoCustomer(
        name="Prairie Grain Cooperative",
        currency="USD",
        country_code="US",
        address_line_1="4100 Elevator Road",
        postal_code="58102",
        city="Fargo",
        tax_id="45-0287761",
        purchase_order="PG-88-104",
    ),
    DemoCustomer(
        name="Bergström & Dahl Arkitekter AB",
        currency="EUR",
        country_code="SE",
        address_line_1="Södra Larmgatan 6",
        postal_code="411 16",
        city="Göteborg",
        tax_id="SE556704112201",
    ),
    DemoCustomer(
        name="Thistle Biotech plc",
        currency="GBP",
        country_code="GB",
        address_line_1="3 Quarrymill Court",
        postal_code="EH6 7DN",
        city="Edinburgh",
        tax_id="GB288450117",
    ),
    DemoCustomer(
        name="株式会社みなと技研",
        currency="USD",
        country_code="JP",
        address_line_1="港区海岸 1-9-18",
        postal_code="105-0022",
        city="東京",
        tax_id="T7010401052137",
    ),
    DemoCustomer(
        name="Casa Lume Arredamenti S.r.l.",
        currency="EUR",
        country_code="IT",
        address_line_1="Via dei Mille 34",
        postal_code="10123",
        city="Torino",
        tax_id="IT08832210014",
        payment_terms_days=60,
    ),
    DemoCustomer(
        name="شركة النخيل للتجارة",
        currency="USD",
        country_code="AE",
        address_line_1="Al Khaleej Street 77",
        postal_code="",
        city="Dubai",
        tax_id="100412889300003",
    ),
)

EXCHANGE_RATES = (
    ("USD", "EUR", "0.8642"),
    ("USD", "GBP", "0.7518"),
    ("EUR", "USD", "1.1571"),
    ("EUR", "GBP", "0.8703"),
)
"""Units of the second for one of the first, in the latest month."""
