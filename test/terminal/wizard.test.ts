import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noTerminal, openTerminal, type Terminal, type TerminalOptions } from "./tmux.ts";
import { buildProgram, expectFits, type RemoteWorld, startRemoteWorld } from "./wizard-stage.ts";

const QUESTIONS = {
  domain: /\? What is the base domain of every\s+URL\?/,
  dns: /\? Who keeps the DNS of/,
  tls: /\? Who makes the certificate\?/,
  directory: /\? Where is the CA's directory\?/,
  secret: /\? Which Secret holds your\s+certificate\?/,
  ingress: /\? Which gateway\?/,
  expose: /\? How is the gateway reached\?/,
  namespaces: /\? Which namespaces get a\s+certificate\?/,
  email: /\? Where may the CA write to\?/,
  logging: /\? Which logs of requests are kept\?/,
  metrics: /\? Where do metrics go\?/,
  endpoint: /\? Where does the collector take\s+metrics\?/,
  review: /\? Is all as you want it\?/,
  confirm: /Apply this to context rehearsal/,
} as const;
type Place = keyof typeof QUESTIONS;

/** What is pressed where, in order; Enter follows. */
type Answers = readonly (readonly [Place, ...string[]])[];

if (noTerminal !== undefined) process.stdout.write(`skipped: the wizard in a terminal: ${noTerminal}\n`);

describe.skipIf(noTerminal !== undefined)("the wizard in a terminal", () => {
  let program: Awaited<ReturnType<typeof buildProgram>>;
  let world: RemoteWorld;
  const terminals: Terminal[] = [];
  beforeAll(async () => {
    [program, world] = await Promise.all([buildProgram(), startRemoteWorld()]);
  });
  afterAll(async () => {
    await Promise.all(terminals.map((terminal) => terminal[Symbol.asyncDispose]()));
    await Promise.all([program?.remove(), world?.close()]);
  });

  /** Of the wizard all that it ever said counts as on the screen. */
  const open = async (
    options: TerminalOptions & { readonly args?: readonly string[]; readonly node?: string } = {},
  ): Promise<Terminal & { readonly seen: (pattern: RegExp) => Promise<string> }> => {
    const { args = [], node = process.execPath, env = {} } = options;
    const terminal = await openTerminal([node, program.path, ...args], { ...options, env: { ...world.env, ...env } });
    terminals.push(terminal);
    return {
      ...terminal,
      screen: terminal.history,
      until: (pattern) => terminal.until(pattern, "history"),
      seen: (pattern) => terminal.until(pattern, "screen"),
    };
  };

  const answer = async (terminal: Terminal, answers: Answers): Promise<void> => {
    for (const [place, ...keys] of answers) {
      await terminal.until(QUESTIONS[place]);
      await terminal.press(...keys, "Enter");
    }
  };

  const REST: Answers = [["logging"], ["metrics"], ["review"]];
  const ALL: Answers = [
    ["domain"],
    ["dns"],
    ["tls"],
    ["ingress"],
    ["expose"],
    ["email"],
    ["logging"],
    ["metrics"],
    ["review"],
  ];

  describe.concurrent("changes nothing, and", () => {
    it("changes nothing after a no, and ends with the command and the file that say the same", async () => {
      const terminal = await open({ columns: 200 });
      await answer(terminal, [["domain", "Shop.Example.COM."], ...ALL.slice(1), ["confirm", "n"]]);
      expect(await terminal.ended()).toEqual({ code: 0, isSane: true, hasCursor: true });
      const screen = await terminal.screen();
      const said = "--expose nodeport --domain shop.example.com --dns route53 --tls letsencrypt";
      expect(screen).toContain(`\nkn-bootstrap install ${said}\n`);
      expect(screen).not.toContain("$schema=");
      expect(screen).toContain("\nexpose: nodeport\ndomain: shop.example.com\ndns: route53\ntls: letsencrypt\nYAML\n");
      expect(await world.writes()).toEqual([]);
    });

    it.each<[string, Answers, string]>([
      [
        "a name server, the staging CA, a load balancer, an e-mail address",
        [
          ["domain"],
          ["dns", "Down"],
          ["tls", "Down"],
          ["ingress"],
          ["expose", "Down"],
          ["email", "a@example.com"],
          ...REST,
          ["confirm", "n"],
        ],
        "--domain apps.example.com --dns rfc2136 --tls letsencrypt-staging --acme-email a@example.com",
      ],
      [
        "by hand, a root of its own, nested names",
        [
          ["domain"],
          ["dns", "Down", "Down"],
          ["tls", "Down", "Down", "Down", "Tab"],
          ["ingress"],
          ["expose", "End"],
          ["namespaces", "shop,default"],
          ["logging", "f"],
          ["metrics", "3"],
          ["endpoint", "http://otel.example.com:4317"],
          ["review"],
          ["confirm", "n"],
        ],
        "--domain apps.example.com --dns manual --domain-template nested --tls self-signed --namespaces shop,default --logging fluent-bit --metrics otlp --metrics-endpoint http://otel.example.com:4317",
      ],
      [
        "nobody's DNS, a Secret that is not there",
        [
          ["domain"],
          ["dns", "End"],
          ["tls", "Down"],
          ["secret", "default/mine"],
          ["ingress"],
          ["expose", "End"],
          ...REST,
        ],
        "--domain apps.example.com --dns none --tls secret --tls-secret default/mine",
      ],
      [
        "another CA",
        [
          ["domain"],
          ["dns"],
          ["tls", "Down", "Down"],
          ["directory", "https://ca.example.com/dir"],
          ["ingress"],
          ["expose", "End"],
          ...REST,
          ["confirm", "n"],
        ],
        "--domain apps.example.com --dns route53 --tls acme --acme-directory https://ca.example.com/dir",
      ],
      [
        "cert-manager",
        [
          ["domain"],
          ["dns"],
          ["tls", "End", "Up"],
          ["ingress"],
          ["expose", "End"],
          ["email"],
          ...REST,
          ["confirm", "n"],
        ],
        "--domain apps.example.com --dns route53 --tls cert-manager",
      ],
      [
        "magic and plain http",
        [["domain", "magic"], ["tls", "End"], ["ingress"], ["expose", "End"], ...REST, ["confirm", "n"]],
        "--tls none",
      ],
    ])("takes every branch: %s", async (_branch, answers, command) => {
      const terminal = await open({ columns: 260 });
      await answer(terminal, answers);
      const { code } = await terminal.ended();
      const said = /^kn-bootstrap install (.*)$/m.exec(await terminal.screen())?.[1] ?? "";
      const flags = (text: string): readonly string[] => text.split(/(?:^|\s+)(?=--)/).sort();
      // Absent where it is the default, and the order is the table's.
      expect(flags(said.replace(/ ?--dns none/, ""))).toEqual(flags(command.replace(/ ?--dns none/, "")));
      expect([0, 2]).toContain(code);
      expect(await world.writes()).toEqual([]);
    });

    it("says what is wrong with an answer, in words of the question, and lets it be mended", async () => {
      const terminal = await open({ columns: 40, rows: 40 });
      await answer(terminal, [["domain", "shop!.example.com"]]);
      const refused = await terminal.until(/✗ The domain cannot be/);
      expect(refused.replace(/\s+/g, " ")).toContain(
        '"shop!" is not a DNS label: letters, digits and inner hyphens only. Write it like apps.example.com.',
      );
      expectFits(refused, 40);
      await terminal.press("C-u", "shop.example.com");
      const mended = await terminal.until(/https:\/\/hello-default\.shop\.example\.c/);
      expect(mended).not.toContain("✗");
      await terminal.press("Enter");
      const next = await terminal.until(QUESTIONS.dns);
      expect(next.replace(/\s+/g, " ")).toContain("✓ What is the base domain of every URL? shop.example.com");
      expectFits(next, 40);
    });

    it("shows the shape of URLs while names and certificate are chosen", async () => {
      // The nodes have addresses of their own, and no load balancer has been seen: the likeliest way is their ports.
      const terminal = await open();
      await terminal.until(/^ {2}https:\/\/hello-default\.apps\.example\.com:31443$/m);
      await terminal.press("x");
      await terminal.press(".org");
      await terminal.until(/^ {2}https:\/\/hello-default\.x\.org:31443$/m);
      await answer(terminal, [["domain"], ["dns", "End"]]);
      await terminal.until(/^ {2}https:\/\/hello-default\.x\.org:31443$/m);
      await terminal.press("Tab");
      await terminal.until(/^ {2}https:\/\/hello\.default\.x\.org:31443$/m);
      await terminal.press("End");
      await terminal.until(/^ {2}http:\/\/hello-default\.x\.org:31080$/m);
    });

    it("stands each question once on the screen, however the terminal is resized", async () => {
      const terminal = await open();
      await terminal.until(QUESTIONS.domain);
      await terminal.press("a-rather-long-name-for-a-domain.example.com");
      await terminal.until(/> a-rather-long-name-for-a-domain\.example\.com/);
      for (const [columns, rows, helpEnds] of [
        [40, 40, /^ {2}any set-up\.$/m],
        [100, 30, /without any set-up\.$/m],
        [60, 50, /^ {2}address, without any set-up\.$/m],
        [80, 50, /^ {2}set-up\.$/m],
      ] as const) {
        await terminal.resize(columns, rows);
        expect((await terminal.until(helpEnds)).match(/What is the base domain/g)).toHaveLength(1);
      }
      await terminal.press("Enter");
      await terminal.until(QUESTIONS.dns);
      await terminal.resize(40, 40);
      await terminal.until(/^ {2}also have a certificate/m);
      await terminal.press("Down");
      const screen = await terminal.until(/> 2 A name server with DNS UPDATE/);
      expect(screen.match(/Who keeps the DNS/g)).toHaveLength(1);
      expect(screen.match(/What is the base domain/g)).toHaveLength(1);
      expectFits(screen, 40);
    });

    it.each([100, 80, 40])(
      "stands each line once in %i columns, whatever script is typed, gone back from and taken away",
      async (columns) => {
        const terminal = await open({ columns, rows: 40 });
        await terminal.until(QUESTIONS.domain);
        await terminal.press("日本語".repeat(9), "Enter");
        const refused = await terminal.until(/✗ The domain cannot be/);
        expect(refused.match(/What is the base domain/g)).toHaveLength(1);
        await terminal.press(...Array.from({ length: 27 }, () => "BSpace"), "x.org", "Enter");
        await terminal.until(QUESTIONS.dns);
        await terminal.press("BTab");
        const back = await terminal.until(/> x\.org/);
        expect(back.match(/What is the base domain/g)).toHaveLength(1);
        expect(back).not.toMatch(/日|Who keeps the DNS|✓/);
        expectFits(back, columns);
        await terminal.press("Enter");
        await terminal.until(QUESTIONS.dns);
        await terminal.press("4");
        const next = await terminal.until(/> 4 Somebody else, later/);
        expect(next.match(/What is the base domain/g)).toHaveLength(1);
        expect(next).toMatch(/\(2 of 8\)/);
      },
    );

    it("shows all answers together with the last question, each of which can be changed there", async () => {
      const terminal = await open({ rows: 24 });
      await answer(terminal, ALL.slice(0, -1));
      // Before anything is planned.
      const all = await terminal.seen(/> 9 Yes, show what would change/);
      expect(all).toMatch(/\? Is all as you want it\?\n {4}1 Domain +apps\.example\.com\n/);
      expect(all).toMatch(/^ {2}https:\/\/hello-default\.apps\.example\.com:31443$/m);
      await terminal.press("8", "Enter");
      await terminal.seen(/\? Where do metrics go\?$/m);
      await terminal.press("p", "Enter");
      await terminal.seen(/ 8 Metrics +Prometheus reads them\n/);
      await terminal.press("BTab");
      await terminal.seen(/> 2 Prometheus reads them/);
      await terminal.press("1", "Enter");
      await terminal.seen(/ 8 Metrics +None\n[\s\S]*> 9 Yes/);
      await terminal.press("Enter");
      await terminal.until(QUESTIONS.confirm);
      await terminal.press("4", "Enter");
      await answer(terminal, [["ingress", "i"]]);
      const screen = await terminal.seen(/4 Gateway +Istio\n[\s\S]*\[y\/N\]/);
      for (const row of [
        /1 Domain +apps\.example\.com/,
        /2 DNS +Amazon Route 53/,
        /3 Certificate/,
        /5 Way there/,
        /6 E-mail/,
        /7 Logs +None/,
        /8 Metrics +None/,
        /\n {4}URLs +https:\/\/hello-default\.apps\.example\.com:31443\n/,
      ])
        expect(screen).toMatch(row);
      await terminal.press("3", "Enter");
      await terminal.seen(/\? Who makes the certificate\?$/m);
      await terminal.press("BTab");
      await terminal.seen(/4 Gateway +Istio\n[\s\S]*\[y\/N\]/);
      await terminal.press("n", "Enter");
      expect(await terminal.ended()).toEqual({ code: 0, isSane: true, hasCursor: true });
      expect(await terminal.screen()).toMatch(/^kn-bootstrap install .*--ingress istio/m);
      expect(await world.writes()).toEqual([]);
    });

    it("goes without colours and without Unicode where they are not understood", async () => {
      const terminal = await open({ env: { NO_COLOR: "1", LANG: "C", LC_ALL: "C" } });
      await answer(terminal, [["domain"]]);
      const screen = await terminal.until(QUESTIONS.dns);
      expect(screen).toContain("* What is the base domain of every URL? apps.example.com");
      expect(screen).toMatch(/^[\n -~]*$/);
    });

    it("does not ask when something was said about the installation, nor with --yes", async () => {
      const terminal = await open({ args: ["--tls", "none", "--address", "127.0.0.1"] });
      expect(await terminal.until(QUESTIONS.confirm)).not.toContain("base domain");
    });

    describe.each([
      ["this Node", process.execPath],
      ["Node 22", process.env.KN_TEST_NODE22],
    ])("on %s", (name, node) => {
      if (node === undefined) process.stdout.write(`skipped: KN_TEST_NODE22 names no ${name} to end the wizard on\n`);
      const places: readonly Place[] = [
        "domain",
        "dns",
        "tls",
        "expose",
        "namespaces",
        "email",
        "directory",
        "secret",
        "endpoint",
        "review",
        "confirm",
      ];
      it.skipIf(node === undefined).each(places)(
        "ends with 130 on Ctrl-C at %s, and nothing is changed",
        async (place) => {
          const way: Answers =
            place === "namespaces"
              ? [["domain"], ["dns"], ["tls", "Down", "Down", "Down", "Tab"], ["ingress"], ["expose"]]
              : place === "directory" || place === "secret"
                ? [["domain"], ["dns"], ["tls", ...(place === "secret" ? ["End", "Up", "Up"] : ["Down", "Down"])]]
                : place === "endpoint"
                  ? [...ALL.slice(0, -2), ["metrics", "o"]]
                  : place === "confirm"
                    ? ALL
                    : ALL.slice(
                        0,
                        ALL.findIndex(([name]) => name === place),
                      );
          const terminal = await open({ ...(node ? { node } : {}), columns: place === "dns" ? 40 : 80 });
          await answer(terminal, way);
          await terminal.until(QUESTIONS[place]);
          await terminal.press("C-c");
          expect(await terminal.ended()).toEqual({ code: 130, isSane: true, hasCursor: true });
          expect(await terminal.screen()).toContain("Interrupted. Nothing was changed.");
          expect(await world.writes()).toEqual([]);
        },
      );
    });
  });

  // Last: it changes the world.
  it("installs with everything as it is proposed, tells of that in the report, and proposes it again", async () => {
    const page = join(world.env.HOME ?? "", "report.html");
    const terminal = await open({ args: ["--report", page] });
    await answer(terminal, [...ALL, ["confirm", "y"]]);
    await terminal.until(/^Done after/m);
    expect(await terminal.ended()).toEqual({ code: 0, isSane: true, hasCursor: true });
    expect(await terminal.screen()).toContain("https://hello-default.apps.example.com");
    const report = await readFile(page, "utf8");
    expect(report).toContain("Amazon Route 53");
    expect(report).not.toContain("none: sslip.io");
    const again = await open({ env: { AWS_ACCESS_KEY_ID: "" } });
    const screen = await again.until(QUESTIONS.domain);
    expect(screen).toContain("Knative Serving 1.23.0 (kn-bootstrap)");
    expect(screen).toContain("> apps.example.com");
  });
});
