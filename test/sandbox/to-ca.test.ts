import { expect, it } from "vitest";
import type { Account, Door } from "../../src/sandbox/cert-manager/door.ts";
import { toCa } from "../../src/sandbox/cert-manager/to-ca.ts";

const CA = { directory: "https://127.0.0.1:5555/directory", tlsCa: "its root" };

it.each([
  ["https://acme-staging-v02.api.letsencrypt.org/directory", CA.directory, CA.tlsCa],
  ["https://ca.example.net/directory", CA.directory, CA.tlsCa],
  ["https://127.0.0.1:4444/directory", "https://127.0.0.1:4444/directory", "given"],
])("cert-manager that is told %s asks %s", async (directory, asked, ca) => {
  const seen: Account[] = [];
  const door: Door = {
    register: async (account) => {
      seen.push(account);
      return "";
    },
    issue: async ({ account }) => {
      seen.push(account);
      return "";
    },
  };
  const led = toCa(CA, door);
  const account: Account = { directory, ca: "given", key: "key" };
  await led.register(account);
  await led.issue({ account, uri: "", names: [], csr: "", solverFor: () => expect.fail(), tell: () => {} });
  expect(seen).toEqual([1, 2].map(() => ({ directory: asked, ca, key: "key" })));
});
