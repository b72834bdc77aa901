import { expect, it } from "vitest";
import { certificateBlocks, privateKeyBlock } from "../../src/ports/pem.ts";

const block = (label: string, content = "AAAA"): string =>
  `-----BEGIN ${label}-----\n${content}\n-----END ${label}-----`;

it("every certificate of a text is found, and nothing that stands around them", () => {
  const text = `# roots\n${block("CERTIFICATE", "one")}\nbetween\n${block("CERTIFICATE", "two")}\n-----BEGIN CERTIFICATE-----\ncut off`;
  expect([...certificateBlocks(text)]).toEqual([block("CERTIFICATE", "one"), block("CERTIFICATE", "two")]);
});

it.each(["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])("a %s is found", (label) => {
  expect(privateKeyBlock(`${block("EC PARAMETERS")}\n${block(label)}\n`)).toBe(block(label));
});

it("a key without its end is none", () => {
  expect(privateKeyBlock("-----BEGIN PRIVATE KEY-----\nAAAA")).toBeUndefined();
});

it("beginnings without an end cost no more than their length", () => {
  const many = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n".repeat(100_000);
  expect([...certificateBlocks(many)]).toEqual([]);
  expect(privateKeyBlock(many)).toBeUndefined();
});
