import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { externalAccount } from "../../src/app/external-account.ts";

describe("external account binding from the environment", () => {
  it("is optional, and takes its key from a variable or a file", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "eab-")), "key");
    writeFileSync(path, "aGVsbG8\n");
    expect(await externalAccount({})).toBeUndefined();
    expect(await externalAccount({ ACME_EAB_KID: "k", ACME_EAB_HMAC_KEY: "aGk" })).toEqual({
      kid: "k",
      hmacKey: "aGk",
    });
    expect(await externalAccount({ ACME_EAB_KID: "k", ACME_EAB_HMAC_KEY_FILE: path })).toEqual({
      kid: "k",
      hmacKey: "aGVsbG8",
    });
  });

  it.each([
    [{ ACME_EAB_KID: "k" }, /ACME_EAB_HMAC_KEY is not set/],
    [{ ACME_EAB_HMAC_KEY: "aGk" }, /ACME_EAB_KID is not set/],
    [{ ACME_EAB_KID: "k", ACME_EAB_HMAC_KEY: "a", ACME_EAB_HMAC_KEY_FILE: "/b" }, /both set/],
    [{ ACME_EAB_KID: "k", ACME_EAB_HMAC_KEY_FILE: "/no/such/file" }, /cannot be read/],
  ])("refuses %o, without showing the key", async (env, words) => {
    const error = await externalAccount(env).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "input", message: expect.stringMatching(words) });
    expect(String(error)).not.toContain("aGk");
  });
});
