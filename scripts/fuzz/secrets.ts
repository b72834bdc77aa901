import { accountIn } from "../../src/certificates/acme/account.ts";
import { orderSecret, type PendingOrder, parseOrder } from "../../src/certificates/acme/journal.ts";
import { ledgerObject, parseLedger } from "../../src/certificates/acme/ledger.ts";
import { encoded, textOf } from "../../src/certificates/acme/secrets.ts";
import { issuedFor, replacedBy } from "../../src/certificates/acme/tls-secret.ts";
import { dataOf, type KubeObject } from "../../src/ports/object.ts";
import { textOf as anyText, disturbed, jsonOf } from "./mutate.ts";
import { must, same, type Target } from "./target.ts";
import { judged, secretOf } from "./x509.ts";

const ORDER: PendingOrder = {
  directory: "https://ca.example/directory",
  names: ["*.apps.example.com"],
  keyType: "ecdsa",
  key: "-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----\n",
  url: "https://ca.example/order/1",
  target: "/Secret kn-bootstrap/wildcard",
  startedAt: new Date(Date.UTC(2030, 0, 1)),
  isExempt: false,
  copies: [],
  records: [
    {
      zone: { id: "Z", name: "example.com", isPrivate: false, nameServers: ["ns1.example.net"] },
      name: "_acme-challenge.apps.example.com",
      value: "abc",
    },
  ],
};
const LEDGER = [
  { kind: "issued", directory: ORDER.directory, names: ORDER.names, at: ORDER.startedAt, order: ORDER.url },
] as const;

const withData = (object: KubeObject, data: unknown): KubeObject => ({ ...object, data });

export const secrets: Target = {
  name: "secrets",
  holds:
    "a Secret or ConfigMap of ours that somebody changed is read as far as it can be, or counts as absent; what is written comes back",
  check: (chance, note) => {
    const text = anyText(chance, 200).replaceAll("\ud800", "");
    same(textOf({ ...secretOf({}), data: encoded({ a: text }) }, "a"), text || undefined, "a value");
    same(parseOrder(orderSecret(ORDER)), ORDER, "an order");
    same(parseLedger(ledgerObject(LEDGER)), LEDGER, "the ledger");

    const order = JSON.stringify(disturbed(chance, JSON.parse(textOf(orderSecret(ORDER), "order.json") ?? "")));
    note(order);
    const kept = parseOrder(secretOf({ "tls.key": ORDER.key, "order.json": order }));
    must(
      kept === undefined ||
        (typeof kept.url === "string" && kept.records.every(({ name }) => typeof name === "string")),
      "an order that is none",
    );

    const data = disturbed(chance, {
      "tls.crt": "LS0=",
      "tls.key": "LS0=",
      "ca.crt": "LS0=",
      "order.json": "e30=",
      "account.key": "YQ==",
      "account.url": "YQ==",
    });
    const whole = withData(secretOf({}), chance.below(3) === 0 ? jsonOf(chance) : data);
    const secret =
      chance.below(2) === 0
        ? whole
        : ({ ...(disturbed(chance, whole) as object), metadata: whole.metadata } as KubeObject);
    note(secret);
    must(
      Object.values(dataOf(secret)).every((value) => typeof value === "string"),
      "data that is no text",
    );
    parseOrder(secret);
    parseLedger(secret);
    accountIn(secret);
    issuedFor(secret, ORDER.key);
    replacedBy(secret, ORDER.directory);
    judged(secret);

    const ledger = withData(
      { ...ledgerObject([]) },
      {
        "ledger.json": JSON.stringify(disturbed(chance, JSON.parse(dataOf(ledgerObject(LEDGER))["ledger.json"] ?? ""))),
      },
    );
    note(ledger);
    for (const { at } of parseLedger(ledger)) must(!Number.isNaN(at.getTime()), "an entry without a moment");
  },
};
