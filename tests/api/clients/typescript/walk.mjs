// Walk through the API with the published TypeScript client, as a program of its own; any surprise ends it with a trace.
//
// node walk.mjs CLIENT ADDRESS TOKEN INTEGRATION PERIOD_START PERIOD_END; tells what it saw as one JSON document.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const [client, address, token, integration, start, end] = process.argv.slice(2);
const { APIV2Client, VantageAPIError } = await import(pathToFileURL(client));
const api = new APIV2Client(token, false, address);

async function refused(status, call) {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof VantageAPIError, String(error));
    assert.equal(error.status, status, error.body);
    assert.ok(error.errors.length > 0, error.body);
    return error.errors;
  }
  assert.fail(`not refused with ${status}`);
}

async function until(ask) {
  for (let tries = 0; tries < 300; tries += 1) {
    const seen = await ask();
    if (seen !== null) return seen;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail("waited in vain");
}

await refused(401, () => new APIV2Client("bad", false, address).me.get());
assert.deepEqual((await api.me.get()).bearer_token.scope, ["read", "write"]);

const csv = "base_currency_code,currency_code,rate,date\nUSD,JPY,150.5,2026-01-01\n";
await api.exchangeRates.createViaCsv({ csv });
const rates = await api.exchangeRates.list({ limit: 1 });
assert.equal(rates.exchange_rates[0].rate, "150.5");

const profile = await api.billingProfiles.create({
  nickname: "TypeScript",
  invoice_adjustment_attributes: {
    adjustment_items: [{ name: "VAT", adjustment_type: "charge", calculation_type: "percentage", amount: 20 }],
  },
});
assert.equal(profile.invoice_adjustment_attributes.adjustment_items[0].amount, "20.0");

const rule = await api.billingRules.create({ type: "adjustment", title: "Markup", percentage: 105.5 });
assert.equal(rule.percentage, "105.5");
assert.equal((await api.billingRules.update(rule.token, { title: "More" })).title, "More");

const account = await api.managedAccounts.create({ name: "Pelion Honey", contact_email: "honey@nimbus.example" });
const changed = await api.managedAccounts.update(account.token, {
  msp_billing_profile_token: profile.token,
  access_credential_tokens: [integration],
  billing_rule_tokens: [rule.token],
  billing_information_attributes: { billing_email: ["accounts@honey.example"] },
});
assert.deepEqual(changed.billing_rule_tokens, [rule.token]);

const wish = { billing_period_start: start, billing_period_end: end, account_token: account.token };
const made = await api.invoices.create(wish);
assert.equal(made.total, null);
await refused(400, () => api.invoices.create(wish));
const seen = await until(async () => {
  const invoice = await api.invoices.get(made.token);
  return invoice.total === null ? null : invoice;
});
const { download_url } = await api.invoices.downloadInvoice(made.token, { file_type: "pdf" });
const pdf = await (await fetch(download_url)).arrayBuffer();
assert.equal(Buffer.from(pdf.slice(0, 5)).toString(), "%PDF-");

const approved = await api.invoices.sendAndApproveInvoice(made.token);
assert.deepEqual(approved.recipients, ["accounts@honey.example"]);
await refused(400, () => api.invoices.regenerateInvoice(made.token));
const listed = await api.invoices.list({ managed_account_token: account.token });
assert.deepEqual(listed.invoices.map((each) => each.status), ["approved_and_sent"]);

const spare = await api.billingRules.create({ type: "exclusion", title: "Spare", charge_type: "Tax" });
assert.equal(await api.billingRules.delete(spare.token), undefined);
await refused(404, () => api.billingRules.get(spare.token));

console.log(JSON.stringify({ number: made.invoice_number, total: seen.total, bytes: pdf.byteLength }));
