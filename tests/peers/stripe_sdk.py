"""Pages through every list of a Stripe with the official client and prints what it saw.

Usage: stripe_sdk.py BASE_URL
Prints {kind: {"count", "ids_sha256", "amounts": {currency: sum of amounts}}} as JSON.
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


def main():
    client = stripe.StripeClient("rk_test_peer", base_addresses={"api": sys.argv[1]})
    seen = {}
    for name in LISTS:
        ids, amounts = [], {}
        for item in getattr(client.v1, name).list({"limit": 100}).auto_paging_iter():
            ids.append(item.id)
            fields = item.to_dict()
            amount, currency = fields.get("amount"), fields.get("currency")
            if isinstance(amount, int) and currency:
                amounts[currency] = amounts.get(currency, 0) + amount
        digest = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()
        seen[name] = {"count": len(ids), "ids_sha256": digest, "amounts": amounts}
    json.dump(seen, sys.stdout)


main()
