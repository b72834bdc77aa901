import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { at, dataOf, type KubeObject } from "../../src/ports/object.ts";
import { elasticSecret, isKept, stretched } from "../../src/steps/logging/elastic-secret.ts";

const NOW = new Date("2026-11-30T00:00:00Z");
const textOf = (secret: KubeObject, key: string): string => Buffer.from(dataOf(secret)[key] ?? "", "base64").toString();

describe("the passwords of Elasticsearch", () => {
  it("are hashed as its own tests have them (elastic/elasticsearch, ServiceAccountSingleNodeTests)", () => {
    const salt = Buffer.from("8QN+eThJEaCd18sCP0nfzxJq2D9yhmSZgI20TDooYcE=", "base64");
    expect(stretched("r5wdbdboQSe9vGOKwaJGAw", salt)).toBe(
      "{PBKDF2_STRETCH}10000$8QN+eThJEaCd18sCP0nfzxJq2D9yhmSZgI20TDooYcE=$+0ELfqW4D2+/SlHvm/885dzv67qO2SMJg32Mv/9epXk=",
    );
  });

  it("and Kibana's token have the form of service tokens, and certificates that the nodes show each other", async () => {
    const secret = await elasticSecret(undefined, NOW);
    const token = Buffer.from(textOf(secret, "kibana-token"), "base64");
    expect([...token.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
    expect(token.subarray(4).toString()).toMatch(/^elastic\/kibana\/kn-bootstrap:[\w-]{32}$/);
    const [, salt = ""] = /\$([^$]+)\$/.exec(textOf(secret, "service_tokens")) ?? [];
    const password = token.subarray(4).toString().split(":")[1] ?? "";
    expect(textOf(secret, "service_tokens")).toBe(
      `elastic/kibana/kn-bootstrap:${stretched(password, Buffer.from(salt, "base64"))}\n`,
    );
    const leaf = new X509Certificate(textOf(secret, "tls.crt"));
    expect(leaf.verify(new X509Certificate(textOf(secret, "ca.crt")).publicKey)).toBe(true);
    expect(leaf.checkHost("elasticsearch.kube-logging.svc")).toBeDefined();
    // TLS server and client authentication (RFC 5280 §4.2.1.12).
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  });

  it("are kept while all of it is there; near its end the certificate is made anew, the passwords stay", async () => {
    const secret = await elasticSecret(undefined, NOW);
    expect(isKept(secret, NOW)).toBe(true);
    expect(await elasticSecret(secret, NOW)).toEqual(secret);
    const late = new Date("2036-10-01T00:00:00Z");
    expect(isKept(secret, late)).toBe(false);
    const renewed = await elasticSecret(secret, late);
    for (const key of ["password", "filebeat-password", "kibana-encryption-key"])
      expect(at(renewed, "data", key)).toBe(at(secret, "data", key));
    expect(at(renewed, "data", "tls.crt")).not.toBe(at(secret, "data", "tls.crt"));
  });
});
