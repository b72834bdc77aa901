import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { expect, it } from "vitest";
import { alternativeNames, dnsNamesOf } from "../../src/ports/certificate-names.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

const certificateFor = async (names: x509.JsonGeneralNames): Promise<X509Certificate> => {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const extensions = names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [];
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=common.example.com",
    keys,
    signingAlgorithm: ALGORITHM,
    extensions,
  });
  return new X509Certificate(certificate.toString("pem"));
};

it("the DNS names of a certificate are those of its extension, lower case", async () => {
  const certificate = await certificateFor([
    { type: "dns", value: "*.Apps.example.com" },
    { type: "ip", value: "192.0.2.1" },
    { type: "dns", value: "apps.example.com" },
  ]);
  expect(dnsNamesOf(certificate)).toEqual(["*.apps.example.com", "apps.example.com"]);
  expect(alternativeNames(certificate)).toContainEqual({ kind: "IP Address", value: "192.0.2.1" });
});

it("the common name of a certificate without the extension counts for nothing", async () => {
  expect(dnsNamesOf(await certificateFor([]))).toEqual([]);
});

it("a name that reads like several names is one, so that nothing is taken for covered", async () => {
  const hostile = "a, DNS:bank.example.com, b";
  expect(
    dnsNamesOf(
      await certificateFor([
        { type: "dns", value: hostile },
        { type: "url", value: "https://x/?, DNS:shop.example.com" },
        { type: "dns", value: "last.example.com" },
      ]),
    ),
  ).toEqual([hostile.toLowerCase(), "last.example.com"]);
});
