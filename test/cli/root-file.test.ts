import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { systemOf } from "../../src/cli/root-file/system.ts";
import { trustIn } from "../../src/cli/root-file/trust.ts";

/** How a machine is told which roots to trust, by what os-release(5) says of it. */

const commandsOf = (...asked: Parameters<typeof trustIn>): readonly string[] =>
  trustIn(...asked).flatMap(({ command }) => (command ? [command] : []));

describe("--save-root", () => {
  it.each([
    ["darwin", "", "macos"],
    ["win32", "", "windows"],
    ["linux", 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', "debian"],
    ["linux", "ID=debian\n", "debian"],
    ["linux", 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', "debian"],
    ["linux", "ID=fedora\n", "fedora"],
    ["linux", 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', "fedora"],
    ["linux", "ID=arch\nVARIANT_ID=debian\n", "linux"],
    ["linux", "", "linux"],
    ["freebsd", "ID=freebsd\n", "unknown"],
  ])("knows %s with %j as %s", (platform, release, system) => {
    expect(systemOf(platform, release)).toBe(system);
  });

  it("gives one command for each system, and one more for browsers where they keep their own roots", () => {
    expect(commandsOf("macos", "my root.crt", "r")).toEqual([
      "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain 'my root.crt'",
    ]);
    expect(commandsOf("windows", "root.crt", "r")).toEqual(["certutil -user -addstore Root root.crt"]);
    expect(commandsOf("debian", "-x.crt", "r")[0]).toBe(
      "sudo install -m 644 ./-x.crt /usr/local/share/ca-certificates/r.crt && sudo update-ca-certificates",
    );
    expect(commandsOf("fedora", "x.crt", "r")[0]).toBe(
      "sudo install -m 644 x.crt /etc/pki/ca-trust/source/anchors/r.crt && sudo update-ca-trust",
    );
    expect(commandsOf("linux", "x.crt", "r")[0]).toBe("sudo trust anchor x.crt");
    expect(commandsOf("unknown", "x.crt", "r")).toEqual([]);
    for (const system of ["debian", "fedora", "linux"] as const)
      expect(commandsOf(system, "x.crt", "r")).toHaveLength(2);
  });

  const home = mkdtempSync(join(tmpdir(), "kn-bootstrap-home-"));
  afterAll(() => rmSync(home, { recursive: true }));

  it("finds every profile of a browser, from where it was copied to a shell", () => {
    const profiles = [".pki/nssdb", ".mozilla/firefox/a b.default", "snap/firefox/common/.mozilla/firefox/x.default"];
    for (const profile of profiles) {
      mkdirSync(join(home, profile), { recursive: true });
      writeFileSync(join(home, profile, "cert9.db"), "");
    }
    mkdirSync(join(home, "bin"));
    writeFileSync(join(home, "bin/certutil"), '#!/bin/sh\necho "$PWD: $*" >> "$HOME/called"\n', { mode: 0o755 });
    const [, command = ""] = commandsOf("debian", "/tmp/the root.crt", "kn-bootstrap-1");
    execFileSync("sh", ["-c", command], { env: { HOME: home, PATH: `${join(home, "bin")}:/usr/bin:/bin` } });
    const called = readFileSync(join(home, "called"), "utf8").trim().split("\n").sort();
    expect(called).toEqual(
      profiles
        .map((profile) => `${join(home, profile)}: -A -d sql:. -n kn-bootstrap-1 -t C,, -i /tmp/the root.crt`)
        .sort(),
    );
  });
});
