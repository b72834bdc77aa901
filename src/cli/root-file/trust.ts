import { resolve } from "node:path";
import type { Remedy } from "../../ports/error.ts";
import { fileWord, type ShellCommand, sh } from "../../ports/shell.ts";
import type { System } from "./system.ts";

interface Way {
  /** Who trusts the root then. */
  readonly who: string;
  readonly command: (file: string, name: string) => ShellCommand;
}

/** security(1), certutil of Windows, update-ca-certificates(8), update-ca-trust(8), trust(1) of p11-kit. */
const WAYS: Readonly<Record<Exclude<System, "unknown">, Way>> = {
  macos: {
    who: "this Mac and its browsers",
    command: (file) => sh`sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${file}`,
  },
  windows: { who: "you and your browsers", command: (file) => sh`certutil -user -addstore Root ${file}` },
  debian: {
    who: "this machine",
    command: (file, name) =>
      sh`sudo install -m 644 ${file} /usr/local/share/ca-certificates/${name}.crt && sudo update-ca-certificates`,
  },
  fedora: {
    who: "this machine",
    command: (file, name) =>
      sh`sudo install -m 644 ${file} /etc/pki/ca-trust/source/anchors/${name}.crt && sudo update-ca-trust`,
  },
  linux: { who: "this machine", command: (file) => sh`sudo trust anchor ${file}` },
};

/** Browsers on Linux go by no system's roots: each profile has a database of NSS, in a place of its own for packages, snaps and flatpaks. */
const browsers = (path: string, name: string): Remedy => ({
  text: "Let Firefox and Chrome trust it, which keep their own roots here (certutil is in libnss3-tools or nss-tools):",
  command: sh`find ~ -maxdepth 7 -name cert9.db -execdir certutil -A -d sql:. -n ${name} -t C,, -i ${path} ${[";"]}`,
});

/** How a machine is made to trust a root that lies in a file. `name`: what it is called there, without blanks. */
export const trustIn = (system: System, file: string, name: string): readonly Remedy[] => {
  if (system === "unknown") return [{ text: `Let this machine trust the root in ${file}.` }];
  const { who, command } = WAYS[system];
  const own = { text: `Let ${who} trust the root in ${file}:`, command: command(fileWord(file), name) };
  return system === "macos" || system === "windows" ? [own] : [own, browsers(resolve(file), name)];
};
