import { Lost } from "../../src/dns/rfc2136/connection.ts";
import { decodeMessage, encodeMessage } from "../../src/dns/rfc2136/message.ts";
import { judge } from "../../src/dns/rfc2136/transfer.ts";
import { ALGORITHMS, type Key, sign } from "../../src/dns/rfc2136/tsig.ts";
import { readMessage } from "../../src/sandbox/dns/update/message.ts";
import { verify } from "../../src/sandbox/dns/update/tsig.ts";
import { messageOf } from "./dns-messages.ts";
import { bytesOf, mutated } from "./mutate.ts";
import { must, type Target, unless } from "./target.ts";

const NOW = Date.UTC(2030, 0, 1);

export const tsig: Target = {
  name: "tsig",
  holds:
    "the rehearsal's server believes what we sign, and we believe what it signs; what was changed on the way is never believed",
  check: (chance, note) => {
    const secret = Buffer.concat([bytesOf(chance, 40), Buffer.from("x")]);
    const key: Key = { name: "key.example", algorithm: chance.pick(Object.keys(ALGORITHMS)), secret };
    const request = sign(encodeMessage(messageOf(chance)), key, NOW);
    note(request.message);
    const theirs = { name: key.name, algorithm: key.algorithm, secret: secret.toString("base64") };
    const seen = verify(readMessage(request.message), [theirs], NOW);
    if (seen.kind !== "signed") throw new Error(`our own signature is ${seen.kind}`);

    const answer = seen.sign(encodeMessage(messageOf(chance)));
    note(answer);
    must(judge(answer, key, NOW, request.mac).verdict.kind === "good", "the server's signature is not good");
    const changed = mutated(chance, answer);
    note(changed);
    const result = unless(
      (error) => error instanceof Lost,
      () => judge(changed, key, NOW, request.mac),
    );
    if (result?.verdict.kind === "good") {
      // The id is the signer's own, and the record itself is not among what it signs.
      const signed = changed.subarray(2, result.received.lastAt);
      must(signed.equals(answer.subarray(2, decodeMessage(answer).lastAt)), "a message that was changed is believed");
    }
    if (chance.below(4) > 0) return;
    const other = { ...key, secret: Buffer.concat([secret, Buffer.from([1 + chance.below(255)])]) };
    must(judge(answer, other, NOW, request.mac).verdict.kind === "forged", "another key's signature is believed");
    must(
      judge(answer, key, NOW, Buffer.concat([request.mac, Buffer.from("x")])).verdict.kind === "forged",
      "the answer to another question is believed",
    );
  },
};
