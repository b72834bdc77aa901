import { expect, it } from "vitest";
import { issuanceTable, OURS, type Outcome } from "../../scripts/bench/issuance/report.ts";

const outcome = (client: string, rejectedNonces: number, times: readonly number[], ...failures: string[]): Outcome => ({
  client,
  rejectedNonces,
  issued: times.map((seconds) => (client === OURS ? { seconds, inside: seconds / 2 } : { seconds })),
  failures,
});

it("compares medians with ours at the same CA, and says who got no certificate and why", () => {
  const text = issuanceTable([
    outcome(OURS, 50, [0.9, 0.5, 0.6]),
    outcome("other", 50, [6], "begun\nAn error: the nonce is wrong\nfor help see there"),
    outcome("third", 50, [], "went away"),
    outcome(OURS, 0, [0.4]),
    outcome("other", 0, [1]),
    outcome("third", 0, [2]),
  ]);
  const lines = text.split("\n").map((line) => line.split(/ {3,}/));
  expect(lines.slice(1)).toEqual([
    [`${OURS} (budget 1.00 s)`, "0.60 s", "0.40 s"],
    ["  of it, the issuance alone", "300 ms", "200 ms"],
    ["other", "6.00 s", "10.00×", "1.00 s", "2.50×"],
    ["third", "failed", "2.00 s", "5.00×"],
    ["other, 50 % of nonces rejected: 1 of 2 failed, by its own words: An error: the nonce is wrong"],
    ["third, 50 % of nonces rejected: 1 of 1 failed, by its own words: went away"],
    [""],
  ]);
});
