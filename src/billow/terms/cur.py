"""Columns of AWS's Cost and Usage Report that the store keeps, under the legacy report's names.

Source: AWS's data dictionary of Cost and Usage Reports.
"""

from billow.terms.focus import ColumnKind

LINE_ITEM_TYPE = "lineItem/LineItemType"
"""Only charges of such reports have it, so it tells them from charges of other bills."""

RESOURCE_TAGS = "resourceTags"
COST_CATEGORIES = "costCategory"
DISCOUNT = "discount"

_TEXTS = """
bill/BillingEntity bill/BillType bill/InvoiceId bill/InvoicingEntity bill/PayerAccountId bill/PayerAccountName
identity/LineItemId identity/TimeInterval
lineItem/AvailabilityZone lineItem/CurrencyCode lineItem/LegalEntity lineItem/LineItemDescription lineItem/LineItemType
lineItem/Operation lineItem/ProductCode lineItem/ResourceId lineItem/TaxType lineItem/UsageAccountId
lineItem/UsageAccountName lineItem/UsageType
pricing/currency pricing/LeaseContractLength pricing/OfferingClass pricing/PurchaseOption pricing/RateCode
pricing/RateId
pricing/term pricing/unit
product/ProductName product/databaseEngine product/fromLocation product/group product/groupDescription
product/instanceFamily product/instanceType product/instanceTypeFamily product/location product/operatingSystem
product/operation product/productFamily product/region product/regionCode product/servicecode product/servicename
product/sku product/storageClass product/tenancy product/toLocation product/transferType product/usagetype
product/volumeType
reservation/EndTime reservation/ReservationARN reservation/StartTime reservation/SubscriptionId
savingsPlan/EndTime savingsPlan/InstanceTypeFamily savingsPlan/OfferingType savingsPlan/PaymentOption
savingsPlan/PurchaseTerm savingsPlan/Region savingsPlan/SavingsPlanARN savingsPlan/StartTime
"""
_COSTS = """
lineItem/BlendedCost lineItem/BlendedRate lineItem/NetUnblendedCost lineItem/NetUnblendedRate lineItem/UnblendedCost
lineItem/UnblendedRate
pricing/publicOnDemandCost pricing/publicOnDemandRate
reservation/AmortizedUpfrontCostForUsage reservation/AmortizedUpfrontFeeForBillingPeriod reservation/EffectiveCost
reservation/NetEffectiveCost reservation/RecurringFeeForUsage reservation/UnusedAmortizedUpfrontFeeForBillingPeriod
reservation/UnusedRecurringFee reservation/UpfrontValue
savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod savingsPlan/NetSavingsPlanEffectiveCost
savingsPlan/RecurringCommitmentForBillingPeriod savingsPlan/SavingsPlanEffectiveCost savingsPlan/SavingsPlanRate
savingsPlan/TotalCommitmentToDate savingsPlan/UsedCommitment
"""
_QUANTITIES = """
lineItem/NormalizationFactor lineItem/NormalizedUsageAmount lineItem/UsageAmount
reservation/UnusedNormalizedUnitQuantity
reservation/UnusedQuantity
"""
_TIMES = """
bill/BillingPeriodStartDate bill/BillingPeriodEndDate lineItem/UsageStartDate lineItem/UsageEndDate
"""

KIND_BY_NAME: dict[str, ColumnKind] = {
    name: kind
    for kind, names in (
        (ColumnKind.TEXT, _TEXTS),
        (ColumnKind.COST, _COSTS),
        (ColumnKind.QUANTITY, _QUANTITIES),
        (ColumnKind.TIME, _TIMES),
    )
    for name in names.split()
}
"""Every raw column that the store keeps, and its kind."""
