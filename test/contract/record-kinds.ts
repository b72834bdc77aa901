import type { RecordSet } from "../../src/ports/zones.ts";

const LONG = "abcdefghij".repeat(47);

/** What every provider has to write and read back as it was. */
export const KINDS: readonly (readonly [string, RecordSet])[] = [
  ["an A with two addresses", { name: "kind-a", type: "A", ttl: 60, values: ["192.0.2.7", "192.0.2.8"] }],
  ["an AAAA", { name: "kind-aaaa", type: "AAAA", ttl: 60, values: ["2001:db8::7"] }],
  ["a CNAME", { name: "kind-cname", type: "CNAME", ttl: 300, values: ["lb-1.example.net"] }],
  ["a wildcard", { name: "*.kind-wild", type: "A", ttl: 60, values: ["192.0.2.9"] }],
  ["a wildcard CNAME", { name: "*.kind-wild-cname", type: "CNAME", ttl: 60, values: ["lb-1.example.net"] }],
  ["a name with an underscore", { name: "_acme-challenge.kind", type: "TXT", ttl: 60, values: ["aB-_09"] }],
  ["the apex", { name: "@", type: "TXT", ttl: 60, values: ["v=spf1 -all"] }],
  ["a TXT with several values", { name: "kind-txts", type: "TXT", ttl: 60, values: ["one", "two", "three"] }],
  ["a TXT with quotes and backslashes", { name: "kind-txtq", type: "TXT", ttl: 60, values: ['say "no" \\ or \\052;'] }],
  ["a TXT of more than 255 bytes", { name: "kind-txtl", type: "TXT", ttl: 60, values: [LONG] }],
  ["a TXT with spaces at its ends", { name: "kind-txts2", type: "TXT", ttl: 60, values: ["  a  b "] }],
  ["an empty TXT", { name: "kind-txte", type: "TXT", ttl: 60, values: [""] }],
  [
    "a CAA",
    { name: "kind-caa", type: "CAA", ttl: 60, values: ['0 issue "ca.example; accounturi=https://ca.example/1"'] },
  ],
];

/** A load balancer that an alias may point at; a fixture with aliases makes the name answer this address. */
export const BALANCER = {
  zone: "Z26RNL4JYFTOTI",
  target: "lb-5-0123456789abcdef.elb.us-east-1.amazonaws.com",
  address: "192.0.2.55",
};
