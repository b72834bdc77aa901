import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ path: join("src", file), text: readFileSync(join(root, "src", file), "utf8") }));

const importsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
const targetsOf = ({ path, text }: { readonly path: string; readonly text: string }): readonly string[] =>
  importsOf(text)
    .filter((name) => name.startsWith(".") && name.endsWith(".ts"))
    .map((name) => relative(root, resolve(root, dirname(path), name)));
/** What can be chosen of a part stands in its folder, and is read long before the part is loaded. */
const OPTIONS_OF_A_PART = /^src\/steps\/[\w-]+\/options\.ts$/;
const roomOf = (path: string): string => (path === "src/main.ts" ? "main" : (path.split("/")[1] ?? ""));

/** Who may import whom: each room only those to its right. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  main: ["cli", "adapters", "releases", "sandbox", "ports"],
  // The rehearsal is a command; the world itself is loaded when it runs.
  cli: [
    "sandbox",
    "app",
    "config",
    "steps",
    "checks",
    "releases",
    "certificates",
    "dns",
    "ingress",
    "changes",
    "kube",
    "core",
    "secrets",
    "metrics",
    "ports",
  ],
  app: [
    "steps",
    "checks",
    "config",
    "releases",
    "certificates",
    "dns",
    "ingress",
    "changes",
    "kube",
    "core",
    "metrics",
    "ports",
  ],
  steps: [
    "checks",
    "config",
    "releases",
    "certificates",
    "dns",
    "ingress",
    "changes",
    "kube",
    "core",
    "metrics",
    "ports",
  ],
  checks: ["config", "releases", "certificates", "dns", "ingress", "changes", "kube", "core", "metrics", "ports"],
  config: ["certificates", "dns", "ingress", "kube", "core", "secrets", "ports"],
  releases: ["core", "ports"],
  certificates: ["changes", "kube", "core", "ports"],
  dns: ["kube", "core", "ports"],
  ingress: ["kube", "core", "metrics", "ports"],
  changes: ["kube", "core", "ports"],
  kube: ["core", "ports"],
  core: ["ports"],
  secrets: ["ports"],
  metrics: ["ports"],
  ports: [],
  adapters: ["ports"],
  sandbox: [],
};

/** What leads back to itself: of each group of nodes that reach one another, one way round, `a → b → a`. */
const cyclesIn = (graph: ReadonlyMap<string, readonly string[]>): readonly string[] => {
  const done = new Set<string>();
  const visit = (node: string, way: readonly string[]): readonly string[] => {
    if (way.includes(node)) return [[...way.slice(way.indexOf(node)), node].join(" → ")];
    if (done.has(node)) return [];
    done.add(node);
    return (graph.get(node) ?? []).flatMap((next) => visit(next, [...way, node]));
  };
  return [...graph.keys()].flatMap((node) => visit(node, []));
};

describe("the house", () => {
  it("has no cycle of imports, those of types included", () => {
    expect(cyclesIn(new Map(files.map((file) => [file.path, targetsOf(file)])))).toEqual([]);
  });

  it("has no cycle of rooms: the table below allows none", () => {
    expect(cyclesIn(new Map(Object.entries(MAY)))).toEqual([]);
  });

  it("has an engine that knows no Kubernetes and no zones", () => {
    const world = ["cluster", "object", "zones", "reader", "yaml"].map((name) => `src/ports/${name}.ts`);
    const engine = files.filter(({ path }) => roomOf(path) === "core");
    expect(engine.filter((file) => targetsOf(file).some((path) => world.includes(path)))).toEqual([]);
    expect(engine.length).toBeGreaterThan(10);
  });

  it("would see a cycle, long or short", () => {
    const graph = { a: ["b", "d"], b: ["c"], c: ["d", "a"], d: [], e: ["e"] };
    expect(cyclesIn(new Map(Object.entries(graph)))).toEqual(["a → b → c → a", "e → e"]);
  });

  it.each(files.map(({ path, text }) => [path, text]))("%s imports only what its room may", (path, text) => {
    const room = roomOf(path);
    const rooms = targetsOf({ path, text })
      .filter((target) => room !== "config" || !OPTIONS_OF_A_PART.test(target))
      .map(roomOf)
      .filter((other) => other !== room);
    expect(rooms.filter((other) => !MAY[room]?.includes(other))).toEqual([]);
  });

  it("loads little with the options of a part: their form, their syntax and what can be chosen", () => {
    const light = /^src\/(config\/(option|syntax)|(certificates|dns|ingress)\/index)\.ts$/;
    const parts = files.filter(({ path }) => OPTIONS_OF_A_PART.test(path));
    expect(parts.length).toBeGreaterThan(0);
    expect(parts.flatMap(targetsOf).filter((target) => !light.test(target))).toEqual([]);
  });

  it("has a caption for every room", () => {
    const captions = readFileSync(join(root, "ARCHITECTURE.md"), "utf8").match(/^\| `src\/\w+/gm) ?? [];
    expect(captions.map((caption) => caption.slice("| `src/".length)).sort()).toEqual(Object.keys(MAY).sort());
    expect(new Set(files.map(({ path }) => roomOf(path)))).toEqual(new Set(Object.keys(MAY)));
  });

  it("has a caption for every room of the rehearsal world", () => {
    const captions =
      readFileSync(join(root, "src/sandbox/README.md"), "utf8")
        .match(/^\| `.*$/gm)
        ?.join("\n") ?? "";
    const rooms = readdirSync(join(root, "src/sandbox"), { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .filter((name) => name !== "README.md");
    // A part has its line in the list of parts.
    const parts = readFileSync(join(root, "src/sandbox/parts.ts"), "utf8");
    const isPart = (name: string): boolean => parts.includes(`"./${name}index.ts"`);
    expect(rooms.filter((name) => !isPart(name) && !captions.includes(`\`${name}\``))).toEqual([]);
  });

  it.each([
    ["@kubernetes/client-node", /^src\/adapters\/cluster\//],
    ["js-yaml", /^src\/(ports\/(yaml|dialect)|config\/file)\.ts$|^src\/sandbox\//],
    ["@peculiar/x509", /^src\/(certificates|sandbox)\//],
    ["enquirer", /^src\/cli\/wizard\/prompts\.ts$/],
    ["get-east-asian-width", /^src\/cli\/reporter\/cells\.ts$/],
    ["listr2", /^src\/cli\/reporter\/list\.ts$/],
    ["acme-client", /^src\/adapters\/authority\//],
    ["@aws-sdk/client-route-53", /^src\/dns\/route53\//],
    ["dns-packet", /^src\/(adapters\/resolver|dns\/rfc2136|sandbox)\//],
  ])("%s is imported in one room", (name, where) => {
    const users = files.filter(({ text }) => importsOf(text).includes(name)).map(({ path }) => path);
    expect(users.filter((path) => !where.test(path))).toEqual([]);
    expect(users.length).toBeGreaterThan(0);
  });

  it("only adapters make a writer, and only the engine takes it out of its seal", () => {
    const hands = files.filter(({ text }) => /\b(ClusterWrite|LockableCluster|LeaseAccess|unseal)\b/.test(text));
    expect(new Set(hands.map(({ path }) => roomOf(path)))).toEqual(new Set(["adapters", "ports", "kube", "changes"]));
    // Providers write records; whoever orders a certificate is handed a writer for its challenges.
    const zones = files.filter(({ text }) => /\bZonesWrite\b/.test(text));
    expect(new Set(zones.map(({ path }) => roomOf(path)))).toEqual(
      new Set(["dns", "ports", "changes", "certificates"]),
    );
    const unsealing = files.filter(({ text }) => /\bunseal\(/.test(text));
    expect(unsealing.map(({ path }) => path)).toEqual(["src/changes/locked.ts"]);
  });

  it("what a kind of change means is said in its file, not by branches elsewhere", () => {
    const branch = /\bchange\.kind (===|!==) "|\bswitch \(change\.kind\)|\breason === [A-Z]/;
    expect(files.filter(({ text }) => branch.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it.each([
    ["a certificate's names", /\.subjectAltName\b/, "src/ports/certificate-names.ts"],
    [
      "the certificates in a PEM text",
      /"-----END CERTIFICATE-----";\n[\s\S]*indexOf\(BEGIN|BEGIN CERTIFICATE-----\[/,
      "src/ports/pem.ts",
    ],
  ])("%s are read in one place", (_what, how, place) => {
    const readers = files.filter(({ path, text }) => !path.startsWith("src/sandbox/") && how.test(text));
    expect(readers.map(({ path }) => path)).toEqual([place]);
  });

  it("what a way to TLS means is asked by intent: few files know cert-manager by its name", () => {
    const own =
      /^src\/((certificates|checks|steps)\/cert-manager\/|(certificates|steps)\/index\.ts|checks\/registry\.ts|sandbox\/)/;
    // Where it happened to others is no knowledge of ours, nor is that a check explains another one.
    const thread = /"[\w.-]+\/[\w.-]+#\d+"|"cert-manager\.certificates"/g;
    const others = files.filter(({ path, text }) => !own.test(path) && /cert-manager/.test(text.replace(thread, "")));
    expect(others.map(({ path }) => path).sort()).toEqual([
      // The table of errors, and what the wizard looks for in a cluster.
      "src/cli/errors/certificates.ts",
      "src/cli/wizard/whose.ts",
      // How it is told to write to a DNS provider.
      "src/dns/rfc2136/solver.ts",
      "src/dns/route53/solver.ts",
      "src/ports/solver.ts",
    ]);
    const judged = /\b(config\.|written\.)?tls (===|!==) "/;
    expect(files.filter(({ path, text }) => !own.test(path) && judged.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it("only the command line sees the process and the terminal", () => {
    const users = files.filter(
      ({ path, text }) =>
        !/^src\/(main\.ts|cli\/)/.test(path) && /\bprocess\.(argv|exit|exitCode|stdin|stdout|stderr|env)\b/.test(text),
    );
    expect(users.map(({ path }) => path)).toEqual([]);
  });

  it("versions of releases stand in manifests/releases.yaml alone", () => {
    const versioned = files.filter(
      ({ path, text }) =>
        !path.startsWith("src/sandbox/") &&
        /"(knative-)?v?1\.2\d\.\d+"/.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")),
    );
    expect(versioned.map(({ path }) => path)).toEqual([]);
  });

  it.each(files.map(({ path, text }) => [path, text]))("%s makes commands to copy by sh alone", (path, text) => {
    if (path.startsWith("src/sandbox/") || path === "src/ports/shell.ts") return;
    expect(text, "only src/ports/shell.ts says what is a command").not.toMatch(/\bas (ShellCommand|Lines|ToCopy)\b/);
    expect(text, "a remedy's command is no plain text").not.toMatch(/\bcommand: (?:["'`]|\[|String\()/);
    const templates = [...text.matchAll(/\bsh`((?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\})*)`/g)];
    expect(templates.length, "each template is understood").toBe(text.match(/\bsh`/g)?.length ?? 0);
    for (const [, template = ""] of templates) {
      const literals = template.split(/\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}/);
      for (const literal of literals.slice(0, -1))
        for (const quote of ["'", '"'])
          expect(literal.split(quote).length % 2, `a value stands between quotes: ${template}`).toBe(1);
      expect(template, "a placeholder is a word in capitals").not.toMatch(/<[a-z]+>/);
    }
  });

  it("a command that holds values is never written as a plain template", () => {
    const programs =
      "kubectl|dig|kdig|curl|openssl|kn|helm|aws|rm|ls|cat|mkdir|kn-bootstrap (?:install|plan|renew|status|uninstall)";
    const raw = files
      .filter(({ path }) => !path.startsWith("src/sandbox/"))
      .flatMap(
        ({ path, text }) =>
          text
            .match(new RegExp(`(?<!\\b(?:sh|html))\`(?:${programs}) [^\`\\n]*\\$\\{.*`, "g"))
            ?.map((one) => `${path}: ${one}`) ?? [],
      );
    expect(raw).toEqual([]);
  });
});
