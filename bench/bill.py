"""A bill for the benchmarks, made by the demo's generator, with the accounts file that says who owns what."""

import csv
from pathlib import Path

from billow.terms.period import BillingPeriod
from billow.usecases.demo.bills import sub_accounts, write_bills
from billow.usecases.demo.catalogue import PROVIDERS


def write_bench_bill(*, folder: Path, rows: int, customers: int) -> Path:
    """Write one month of Parquet and accounts.csv; return the folder."""
    write_bills(folder=folder, periods=[BillingPeriod(2026, 10)], customers=customers, rows=rows, only_parquet=True)
    payer = {provider.key: provider.billing_account_id for provider in PROVIDERS}
    with (folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        rows_out = csv.writer(file)
        rows_out.writerow(["SubAccountId", "BillingAccountId", "Customer"])
        for account in sub_accounts(customers=customers):
            rows_out.writerow([account.sub_account_id, payer[account.provider_key], f"cust{account.customer:05}"])
    return folder
