import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Programs that a command to copy may name; `touch` stands for what somebody else would like to run. */
const NAMED = [
  ...["kubectl", "kn-bootstrap", "kn", "dig", "kdig", "curl", "openssl", "aws", "helm", "grep", "xargs", "base64"],
  ...["ls", "cat", "rm", "mkdir", "date", "printenv", "timedatectl", "tsig-keygen", "kind", "docker", "npm"],
];
const ELSE = ["touch", "id", "reboot"];

/** What a text from outside tries. Each would leave a file `hit`, or make one of the other programs run. */
export const PAYLOADS = [
  ...[
    "$(touch hit)",
    "`touch hit`",
    "'; touch hit; '",
    '"; touch hit; "',
    "| touch hit",
    "&& touch hit #",
    "> hit",
    "\\'; touch hit; \\'",
  ],
  ...[
    "x\ntouch hit\n",
    "x\r\n  touch hit",
    "-o/hit",
    "--config=hit",
    "\u001b[2K\rError: fake",
    "\u009b2Jx",
    "\u202ehit hcuot\u2066",
    "a\u200bb\ufeff",
  ],
  ...[
    "’; touch hit; ’",
    "“$(touch hit)”",
    "x';touch hit;'’",
    "Authorization: x y' $(touch hit) '",
    "⟪touch⟫",
    "a b",
    "",
  ],
] as const;

/** What dash and bash say of a command that is none. */
const BROKEN = /syntax error|unterminated|unexpected EOF/i;

/** Runs commands where every program only says that it ran, and gives back who did besides those that were named. */
export const recorder = () => {
  const place = mkdtempSync(join(tmpdir(), "kn-bootstrap-paste-"));
  const bin = mkdtempSync(join(tmpdir(), "kn-bootstrap-bin-"));
  const log = join(bin, "log");
  for (const name of [...NAMED, ...ELSE]) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho ${name} >> ${log}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return {
    /** Pasted line by line, as a person does. */
    paste: (command: string): { readonly ran: readonly string[]; readonly made: readonly string[] } => {
      rmSync(log, { force: true });
      // A program that is not there is the end of a command, too.
      const { stderr } = spawnSync("/bin/sh", ["-s"], {
        cwd: place,
        env: { PATH: bin },
        input: command,
        stdio: ["pipe", "ignore", "pipe"],
        encoding: "utf8",
      });
      if (BROKEN.test(stderr)) throw new Error(`${command}\n${stderr}`);
      const ran = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
      return {
        ran: ran.filter((name) => ELSE.includes(name)),
        made: readdirSync(place).filter((name) => name.includes("hit")),
      };
    },
    close: () => {
      for (const path of [place, bin]) rmSync(path, { recursive: true });
    },
  };
};
