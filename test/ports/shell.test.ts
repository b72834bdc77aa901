import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dig } from "../../src/ports/dig.ts";
import type { Remedy } from "../../src/ports/error.ts";
import { fileWord, joined, lines, option, quoted, sh, withWords } from "../../src/ports/shell.ts";
import { spelled } from "../../src/ports/visible.ts";
import { isThorough } from "../thorough.ts";

/** Shells at hand that take POSIX commands. */
const SHELLS = ["sh", "bash", "dash", "zsh", "ksh"].filter((name) => {
  try {
    execFileSync(name, ["-c", "exit 0"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

const END = "end of these words";

/** What each script prints as words, a NUL behind each; one process for all. */
const printed = (shell: string, scripts: readonly string[]): readonly (readonly string[])[] => {
  const input = scripts.map((script) => `${script}\nprintf '%s\\0' '${END}'\n`).join("");
  const out = execFileSync(shell, ["-s"], { input, encoding: "utf8", maxBuffer: 1e8 });
  return out
    .split(`${END}\0`)
    .slice(0, -1)
    .map((part) => part.split("\0").slice(0, -1));
};

const ODD = [
  ..."'\"\\`$(){}[]<>|&;*?~#!^= \t-".split(""),
  ...[
    "$(id)",
    "`id`",
    "'; id; '",
    "\\'",
    "''",
    "-o",
    "--",
    "$IFS",
    "$" + "{HOME}",
    "\n",
    "\r",
    "\u001b[2J",
    "\u202e",
    "a b",
    "é",
  ],
];
const word = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.array(fc.constantFrom(...ODD), { maxLength: 6 }).map((parts) => parts.join("")),
);

describe.each(SHELLS)("a word in a command, for %s", (shell) => {
  it("is given to the program as it is, whatever is in it; what cannot be seen is written out", () => {
    const size = 200;
    fc.assert(
      fc.property(
        fc.array(fc.array(word, { minLength: 1, maxLength: 4 }), { minLength: size, maxLength: size }),
        (all) => {
          const got = printed(
            shell,
            all.map((words) => sh`printf '%s\\0' ${words}`),
          );
          expect(got).toEqual(all.map((words) => words.map(spelled)));
        },
      ),
      { numRuns: isThorough ? 50 : 5 },
    );
  });
});

describe("a command to copy", () => {
  it("leaves plain words as they are and quotes the others", () => {
    expect(sh`kubectl describe ${"pod"} ${"a-1"} -n ${"ns"}`).toBe("kubectl describe pod a-1 -n ns");
    expect(sh`ls -l ${"/a b/it's"}`).toBe(String.raw`ls -l '/a b/it'\''s'`);
    expect(sh`x ${""} ${7}`).toBe("x '' 7");
    expect(sh`x --server=${"https://a b"} end`).toBe("x --server='https://a b' end");
    expect(quoted("=ls")).toBe("'=ls'");
  });

  it("takes a list as words of its own, and an empty one as none", () => {
    expect(sh`kubectl get x ${["-n", "a b"]} -o yaml`).toBe("kubectl get x -n 'a b' -o yaml");
    expect(sh`kubectl get x ${[]} -o yaml`).toBe("kubectl get x -o yaml");
    expect(sh`kubectl get x ${[]}`).toBe("kubectl get x");
  });

  it("has no option that was meant as a value", () => {
    expect(sh`kubectl describe pod ${"--server=http://evil"} -n ns`).toBe(
      String.raw`kubectl describe pod '\x2d-server=http://evil' -n ns`,
    );
    expect(sh`curl -s ${"-o/etc/x"}`).toBe(String.raw`curl -s '\x2do/etc/x'`);
    expect(sh`ls ${fileWord("-rf")}`).toBe("ls ./-rf");
    expect(sh`kn-bootstrap install ${option("--context", "-x")}`).toBe("kn-bootstrap install --context=-x");
  });

  it("is one line for each command of it, however many its values have", () => {
    const command = sh`ls ${"a\nrm -rf ~"}`;
    expect(command).toBe(String.raw`ls 'a\x0arm -rf ~'`);
    expect(joined(" && ", [command, sh`b`])).toBe(`${command} && b`);
  });

  it("reads a variable where it says so, and nowhere else", () => {
    const [out] = printed("sh", [
      sh`KEY='a  b'; printf '%s\\0' ${[{ before: "--from=x y", variable: "KEY" }]} ${"$KEY"}`,
    ]);
    expect(out).toEqual(["--from=x ya  b", "$KEY"]);
    expect(() => sh`x ${{ before: "", variable: "A$(id)" }}`).toThrow();
  });

  it("keeps its quotes when a word of it is masked", () => {
    const command = sh`curl -H ${"Authorization: Basic it's"} ${"$(id)"} --token=${"abc"} -p '{"a":1}'`;
    const mask = (text: string): string => text.replace(/Basic \S+|(?<=token=).*/, "[redacted]");
    expect(withWords(command, mask)).toBe(
      `curl -H 'Authorization: [redacted]' '$(id)' '--token=[redacted]' -p '{"a":1}'`,
    );
    expect(withWords(command, (text) => text)).toBe(command);
  });

  it("keeps its words apart under any mask", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), fc.string({ maxLength: 3 }), (words, secret) => {
        const mask = (text: string): string => (secret ? text.replaceAll(secret, "'$(id)") : text);
        const [got] = printed(
          "sh",
          [withWords(sh`${words}`, mask)].map((rest) => `printf '%s\\0' ${rest}`),
        );
        expect(got).toEqual(words.map((one) => mask(spelled(one))));
      }),
      { numRuns: 100 },
    );
  });

  it("is no string that somebody put together", () => {
    const text: string = "rm -rf ~";
    // @ts-expect-error a text is no command
    const remedy: Remedy = { text: "Do it.", command: text };
    // @ts-expect-error nor is a template
    const another: Remedy = { text: "Do it.", command: `rm ${text}` };
    // @ts-expect-error nor what is left of a command
    const rest: Remedy = { text: "Do it.", command: sh`rm -rf x`.replace("x", text) };
    // @ts-expect-error a whole command is no word of another
    const nested = sh`sudo ${sh`rm -rf x`}`;
    // @ts-expect-error what is not there is no word
    const absent = sh`rm ${undefined as string | undefined}`;
    expect([remedy, another, rest, nested, absent]).toHaveLength(5);
  });
});

describe("a question to the DNS", () => {
  it("is asked for plain names only", () => {
    expect(dig(["+norecurse", "NS"], "apps.example.com", "192.0.2.1")).toBe(
      "dig +norecurse NS apps.example.com @192.0.2.1",
    );
    expect(dig(["NS"], "apps.example.com", "2001:db8::1%eth0")).toBe("dig NS apps.example.com @2001:db8::1%eth0");
    expect(dig(["NS"], "apps.example.com", String.raw`\036\040id\041`)).toBe("dig NS apps.example.com");
    expect(dig(["TXT"], "$(id)")).toBeUndefined();
    expect(dig(["TXT"], "-f/etc/passwd")).toBeUndefined();
  });
});

describe("lines for another place than a shell", () => {
  it("do nothing in one", () => {
    const text = lines(
      'a. CAA 0 issue "ca; x=$(touch hit)`touch hit`"\nb. IN A 1; touch hit & touch hit | touch hit > hit',
    );
    expect(text).toBe(
      String.raw`a. CAA 0 issue "ca; x=\x24(touch hit)\x60touch hit\x60"` +
        "\n" +
        String.raw`b. IN A 1\x3b touch hit \x26 touch hit \x7c touch hit \x3e hit`,
    );
  });
});
