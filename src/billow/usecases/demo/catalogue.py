"""What the made-up customers use: services of three providers with plausible public prices."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """One priced thing; ``price_e8`` is the unit price times 10^8, ``daily_e4`` a usual day's quantity times 10^4."""

    service: str
    category: str
    subcategory: str
    meter: str
    unit: str
    resource_type: str
    price_e8: int
    daily_e4: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One cloud provider as it names itself on a bill."""

    key: str
    name: str
    invoice_issuer: str
    currency: str
    billing_account_id: str
    billing_account_name: str
    sub_account_type: str
    regions: tuple[tuple[str, str], ...]
    skus: tuple[Sku, ...]


def _skus(table: str) -> tuple[Sku, ...]:
    """Read ``service|category|subcategory|meter|unit|type|price|daily quantity`` rows."""
    rows = [row.strip().split("|") for row in table.strip().splitlines()]
    return tuple(
        Sku(
            service=row[0],
            category=row[1],
            subcategory=row[2],
            meter=row[3],
            unit=row[4],
            resource_type=row[5],
            price_e8=_scaled(row[6], places=8),
            daily_e4=_scaled(row[7], places=4),
        )
        for row in rows
    )


def _scaled(text: str, *, places: int) -> int:
    whole, _, decimals = text.partition(".")
    return int(whole + decimals.ljust(places, "0"))


PROVIDERS = (
    Provider(
        key="aws",
        name="AWS",
        invoice_issuer="Amazon Web Services, Inc.",
        currency="USD",
        billing_account_id="400000000001",
        billing_account_name="Fjordlight payer",
        sub_account_type="Linked Account",
        regions=(
            ("eu-central-1", "Europe (Frankfurt)"),
            ("eu-west-1", "Europe (Ireland)"),
            ("us-east-1", "US East (N. Virginia)"),
        ),
        skus=_skus(
            """
            Amazon Elastic Compute Cloud|Compute|Virtual Machines|BoxUsage m6i.xlarge|Hours|instance|0.192|24
            Amazon Elastic Compute Cloud|Compute|Virtual Machines|BoxUsage t3.medium|Hours|instance|0.0416|24
            Amazon Elastic Compute Cloud|Storage|Block Storage|VolumeUsage gp3|GB-Mo|volume|0.08|3.3
            Amazon Simple Storage Service|Storage|Object Storage|TimedStorage-ByteHrs|GB-Mo|bucket|0.023|42
            Amazon Simple Storage Service|Storage|Object Storage|Requests-Tier1|Requests|bucket|0.000005|9000
            Amazon Relational Database Service|Databases|Relational Databases|InstanceUsage db.r5.large|Hours|db|0.24|24
            AWS Lambda|Compute|Serverless Compute|Lambda-GB-Second|Lambda-GB-Second|function|0.00001667|9000
            Amazon CloudFront|Networking|Content Delivery|DataTransfer-Out-Bytes|GB|distribution|0.085|55
            AWS Data Transfer|Networking|Network Infrastructure|DataTransfer-Regional-Bytes|GB|instance|0.01|60
            AWS Key Management Service|Security|Identity and Access Management|KMS-Keys|Keys|key|1|0.0333
            """
        ),
    ),
    Provider(
        key="azure",
        name="Microsoft",
        invoice_issuer="Microsoft Ireland Operations Limited",
        currency="EUR",
        billing_account_id="/providers/Microsoft.Billing/billingAccounts/8123456",
        billing_account_name="Fjordlight CSP",
        sub_account_type="Subscription",
        regions=(("westeurope", "West Europe"), ("germanywestcentral", "Germany West Central")),
        skus=_skus(
            """
            Virtual Machines|Compute|Virtual Machines|D4s v5|1 Hour|Virtual machine|0.1771|24
            Virtual Machines|Compute|Virtual Machines|B2ms|1 Hour|Virtual machine|0.0768|24
            Storage|Storage|Object Storage|Hot LRS Data Stored|1 GB/Month|Storage account|0.017|60
            SQL Database|Databases|Relational Databases|vCore General Purpose|1 Hour|SQL database|0.2306|24
            Bandwidth|Networking|Network Infrastructure|Standard Data Transfer Out|1 GB|Public IP address|0.0803|18
            Azure Monitor|Management and Governance|Observability|Data Ingestion|1 GB|Log workspace|2.122|1.7
            Azure Kubernetes Service|Compute|Containers|Uptime SLA|1 Hour|Managed cluster|0.0923|24
            """
        ),
    ),
    Provider(
        key="gcp",
        name="Google Cloud",
        invoice_issuer="Google Cloud EMEA Limited",
        currency="USD",
        billing_account_id="01F00D-C0FFEE-5EED00",
        billing_account_name="Fjordlight reseller",
        sub_account_type="Project",
        regions=(("europe-west3", "Frankfurt"), ("us-central1", "Iowa")),
        skus=_skus(
            """
            Compute Engine|Compute|Virtual Machines|N2 Instance Core|hour|instance|0.031611|96
            Cloud Storage|Storage|Object Storage|Standard Storage|gibibyte month|bucket|0.02|45
            BigQuery|Analytics|Data Warehouses|Analysis|tebibyte|dataset|6.25|0.31
            Cloud SQL|Databases|Relational Databases|vCPU|hour|instance|0.0413|48
            Networking|Networking|Network Infrastructure|Network Internet Egress|gibibyte|instance|0.12|12
            """
        ),
    ),
)
