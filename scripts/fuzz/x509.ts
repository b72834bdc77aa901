import { certificateId } from "../../src/adapters/authority/certificate-id.ts";
import { chainProblem, rootOf } from "../../src/certificates/chain.ts";
import { blocksIn, certificatesIn } from "../../src/certificates/pem.ts";
import { judgeProvided } from "../../src/certificates/provided.ts";
import { inspect } from "../../src/certificates/secret.ts";
import { makeLeaf, makeRoot } from "../../src/certificates/x509.ts";
import type { KubeObject } from "../../src/ports/object.ts";
import type { Chance } from "./chance.ts";
import { bytesOf, mutated, mutatedText } from "./mutate.ts";
import { mostly, must, same, type Target, unless } from "./target.ts";

const NOW = new Date();
const NAMES = ["*.apps.example.com"];
const ROOT = await makeRoot("Root", NOW, 3000);
const LEAF = await makeLeaf(ROOT, NAMES, NOW, 80);
const OTHER = await makeRoot("Other", NOW, 3000);

const pemOf = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----.*?-----|\s/g, ""), "base64");

/** Changed inside, which OpenSSL may still read, or as a text. */
const brokenOf = (chance: Chance, pem: string): string => {
  switch (chance.below(4)) {
    case 0:
      return mutatedText(chance, pem, ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "\n", "A", "="]);
    case 1:
      return pemOf(bytesOf(chance, 200));
    case 2: {
      const der = derOf(pem);
      der[chance.below(der.length)] = chance.below(256);
      return pemOf(der);
    }
    default:
      return pemOf(mutated(chance, derOf(pem)));
  }
};

export const secretOf = (data: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  type: "kubernetes.io/tls",
  metadata: { name: "tls", namespace: "default" },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
});

/** Whatever it is: a refusal in words, or fit to be served. */
export const judged = (secret: KubeObject): void => {
  mostly(judgeProvided({ namespace: "default", name: "tls" }, secret, NAMES, NOW).summary, 100_000, "a finding");
  inspect(secret);
};

/** OpenSSL's own words, or ours. */
const isUnreadable = (error: unknown): boolean =>
  error instanceof Error &&
  ("code" in error ? /^ERR_(OSSL|CRYPTO)/.test(String(error.code)) : /without a key|more than 500/.test(error.message));

export const x509: Target = {
  name: "x509",
  holds: "a certificate that is broken or was changed is refused in words and never served; a whole one is",
  check: (chance, note) => {
    const isRoot = chance.below(3) === 0;
    const broken = brokenOf(chance, isRoot ? ROOT.certificate : LEAF.certificate);
    note(broken);
    for (const block of blocksIn(broken)) must(broken.includes(block), "a block that is not there");
    const chain = isRoot ? LEAF.certificate + broken : broken + ROOT.certificate;
    const expected = { key: LEAF.key, names: NAMES, now: NOW };
    const problem = chainProblem(chain, expected);
    mostly(problem, 100_000, "a problem");
    if (problem === undefined && !isRoot)
      must(
        certificatesIn(chain)[0]?.raw.equals(derOf(LEAF.certificate)) ?? false,
        "a changed certificate is fit to be served",
      );
    certificateId(broken);
    unless(isUnreadable, () => rootOf(chain, OTHER.certificate));
    if (chance.below(4) === 0)
      judged(
        secretOf({
          "tls.crt": chain,
          "tls.key": chance.below(4) === 0 ? brokenOf(chance, LEAF.key) : LEAF.key,
          "ca.crt": ROOT.certificate,
        }),
      );
    if (chance.below(50) === 0) {
      same(
        chainProblem(LEAF.certificate + ROOT.certificate, { ...expected, roots: ROOT.certificate }),
        undefined,
        "a whole chain",
      );
      must(certificateId(LEAF.certificate) !== undefined, "a certificate without a name for renewal information");
    }
  },
};
