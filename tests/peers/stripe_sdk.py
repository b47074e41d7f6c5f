"""Pages through every list of a Stripe with the official client and prints what it saw.

Usage: stripe_sdk.py BASE_URL
Prints {kind: {"count", "ids_sha256", "amounts": {currency: sum of amounts}}} as JSON, and under
"payout_members" which balance transactions each payout is made of.
"""

import hashlib
import json
import sys

import stripe

LISTS = [
    "customers", "products", "prices", "coupons", "tax_rates", "invoices", "invoice_payments",
    "payment_intents", "charges", "refunds", "disputes", "credit_notes", "balance_transactions",
    "payouts",
]


def summary(items):
    ids, amounts = [], {}
    for item in items:
        ids.append(item.id)
        fields = item.to_dict()
        amount, currency = fields.get("amount"), fields.get("currency")
        if isinstance(amount, int) and currency:
            amounts[currency] = amounts.get(currency, 0) + amount
    digest = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
    return {"count": len(ids), "ids_sha256": digest, "amounts": amounts}


def main():
    v1 = stripe.StripeClient("rk_test_peer", base_addresses={"api": sys.argv[1]}).v1
    seen = {}
    for name in LISTS:
        seen[name] = summary(getattr(v1, name).list({"limit": 100}).auto_paging_iter())
    credit = []
    for customer in v1.customers.list({"limit": 100}).auto_paging_iter():
        below = v1.customers.balance_transactions.list(customer.id, {"limit": 100})
        credit.extend(below.auto_paging_iter())
    seen["customer_balance_transactions"] = summary(credit)
    members = {}
    for payout in v1.payouts.list({"limit": 100}).auto_paging_iter():
        if payout.reconciliation_status != "completed":
            continue
        below = v1.balance_transactions.list({"limit": 100, "payout": payout.id})
        for movement in below.auto_paging_iter():
            members[movement.id] = payout.id
    seen["payout_members"] = members
    json.dump(seen, sys.stdout)


main()
