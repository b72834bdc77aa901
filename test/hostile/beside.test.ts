import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/index.ts";
import { bugReport } from "../../src/cli/reporter/bug-report.ts";
import { servicesText, statusText } from "../../src/cli/reporter/status.ts";
import { choiceScreen, textScreen } from "../../src/cli/wizard/screen.ts";
import { sightText } from "../../src/cli/wizard/sight-text.ts";
import { sh } from "../../src/ports/shell.ts";
import { fakeHost } from "../cli/host.ts";
import { kn, stage } from "../engine/cli.ts";

/** What is said past the reporters. */

const HOSTILE = "x\n  touch hit\nError: fake\r\u001b[2K\u202e\u200b";
const SPELLED = String.raw`x touch hit Error: fake\x0d\x1b[2K\u202e\u200b`;
const LOOK = { columns: 200, color: false, unicode: true };
const OURS = new RegExp(`${"\u001b"}\\[(?:7|27)m`, "g");

const isPlain = (text: string): void => {
  expect(text.replace(OURS, "")).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  expect(text).not.toMatch(/^\s*(?:touch hit|Error: fake)/m);
  expect(text).toContain(SPELLED);
};

describe("a text from outside, past the reporters", () => {
  it("is plain in the wizard's questions, and in what it has seen", () => {
    const choice = { id: "a", title: HOSTILE, hint: HOSTILE };
    const asking = { message: HOSTILE, help: HOSTILE, initial: HOSTILE, live: () => HOSTILE };
    const typed = { input: "", cursor: 0, problem: undefined };
    isPlain(textScreen({ ...asking, problem: () => undefined }, typed, LOOK).join("\n"));
    isPlain(textScreen({ ...asking, problem: () => undefined }, { ...typed, problem: HOSTILE }, LOOK).join("\n"));
    isPlain(choiceScreen({ ...asking, choices: [choice], forms: 1 }, { index: 0, form: 0 }, LOOK).join("\n"));
    isPlain(
      sightText(
        {
          nodes: undefined,
          cloud: undefined,
          components: [{ title: HOSTILE, version: HOSTILE, owner: HOSTILE }],
          loadBalancers: { work: "unclear", because: HOSTILE },
          addresses: { external: [], internal: [] },
          namespaces: [],
          served: [],
          zones: [{ provider: "p", title: HOSTILE, zones: [HOSTILE], trouble: HOSTILE }],
          stores: [{ title: HOSTILE }],
          isMonitored: false,
          collectors: [HOSTILE],
          installed: undefined,
        } as never,
        LOOK,
      ),
    );
  });

  it("is plain in a status", () => {
    const status = {
      context: HOSTILE,
      server: HOSTILE,
      kubernetes: HOSTILE,
      records: [],
      problems: [HOSTILE],
      knative: { version: HOSTILE },
    };
    isPlain(statusText(status as never, LOOK));
    const service = { namespace: HOSTILE, name: HOSTILE, url: HOSTILE, ready: false, pods: 0, reason: HOSTILE };
    const remedy = { text: HOSTILE, command: sh`kubectl describe ksvc ${HOSTILE}` };
    isPlain(servicesText([{ ...service, remedy }] as never, LOOK));
  });

  it("is plain in the file about a bug, where no line of a message looks like one of ours", () => {
    const text = bugReport({
      error: new Error(`x\nEvents:\n${HOSTILE}`, { cause: new Error(HOSTILE) }),
      argv: ["--context", HOSTILE],
      version: "1",
      events: [],
      now: new Date(0),
      mask: (text) => text,
    });
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(text).not.toMatch(/^(?:Events:|touch hit|Error: fake)/m);
    expect(text).toContain(String.raw`kn-bootstrap --context 'x\x0a  touch hit\x0aError: fake\x0d\x1b[2K\u202e\u200b'`);
  });

  it("is no candidate for completion", async () => {
    const host = fakeHost(["__complete", "plan", "--context", ""]);
    const listContexts = async () => ["kind", HOSTILE, "a\nb"];
    expect(await runCli({ ...host, adapters: { ...host.adapters, listContexts } })).toBe(0);
    expect(host.out()).toBe("kind\t\n");
  });
});

describe("a kubeconfig of somebody else", () => {
  let world: Awaited<ReturnType<typeof stage>>;
  let kubeconfig: string;
  beforeAll(async () => {
    world = await stage();
    kubeconfig = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-hostile-")), "it's $(touch hit)");
    const own = readFileSync(world.kubeconfig, "utf8");
    const [, name = ""] = /current-context: (\S+)/.exec(own) ?? [];
    writeFileSync(
      kubeconfig,
      own.replaceAll(new RegExp(`(name|current-context|context): ${name}$`, "gm"), `$1: ${JSON.stringify(HOSTILE)}`),
    );
  });
  afterAll(() => world.close());

  it.each([["status"], ["status", "-o", "json"], ["plan"], ["plan", "-o", "json"], ["uninstall", "--yes"]])(
    "is plain in %s %s %s",
    async (...args) => {
      const outcome = await kn({ ...world, standIns: true, kubeconfig }, args, { env: { COLUMNS: "200" } });
      const text = args.includes("json")
        ? outcome.events.flatMap((event) => JSON.stringify(event).replaceAll("\\\\", "\\")).join("\n")
        : outcome.stdout + outcome.stderr;
      isPlain(text);
    },
  );
});
