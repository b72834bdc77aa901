import { describe, expect, it } from "vitest";
import { FLAT } from "../../src/config/config.ts";
import { load, type Sources } from "../../src/config/load.ts";
import { UserError } from "../../src/ports/error.ts";

const loaded = (flags: Sources["flags"]) => load({ flags, env: {}, terminal: false });

const refusal = async (flags: Sources["flags"]): Promise<string> => {
  const error = await loaded(flags).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  const { kind, message, why, remedy } = error as UserError;
  expect(kind).toBe("input");
  const text = [message, why, remedy.text].join(" ");
  expect(text, "one paragraph").not.toContain("\n");
  return text;
};

const long = "a".repeat(64);

describe("one option", () => {
  it.each([
    ["Apps.Example.COM.", "apps.example.com"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    [`${"a".repeat(63)}.example.com`, `${"a".repeat(63)}.example.com`],
    ["1.example", "1.example"],
  ])("domain %s is %s", async (text, domain) => {
    expect((await loaded({ domain: text })).domain).toBe(domain);
  });

  it.each([
    ["https://apps.example.com/x", /scheme.*apps\.example\.com/],
    ["*.apps.example.com", /wildcard.*Write apps\.example\.com/],
    ["localhost", /one label/],
    ["203.0.113.7", /IP address.*--address 203\.0\.113\.7/],
    ["2001:db8::1", /IP address/],
    ["apps.example.com:8080", /port/],
    ["apps.example.com/path", /path/],
    ["bücher.example", /xn--bcher-kva\.example/],
    ["my_apps.example.com", /"my_apps" is not a DNS label/],
    ["-a.example.com", /not a DNS label/],
    ["a..example.com", /empty label/],
    [`${long}.example.com`, /64 characters/],
    [`${"abcdefg.".repeat(32)}example.com`, /at most 253/],
    ["1.2.3", /number/],
    ["apps .example.com", /not a DNS label/],
  ])("domain %s is refused", async (domain, reason) => {
    expect(await refusal({ domain })).toMatch(reason);
  });

  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["[2001:db8::1]", "2001:db8::1"],
  ])("address %s is %s", async (address, expected) => {
    expect((await loaded({ address })).address).toBe(expected);
  });
  it("an address can be a host name where the domain is given", async () => {
    expect((await loaded({ address: "LB.example.com.", domain: "apps.example.com" })).address).toBe("lb.example.com");
  });
  it.each([
    ["203.0.113", /complete IP/],
    ["203.0.113.300", /complete IP/],
    ["http://203.0.113.7", /alone/],
    ["203.0.113.7:443", /alone/],
    ["a b", /not a DNS label/],
  ])("address %s is refused", async (address, reason) => {
    expect(await refusal({ address, domain: "apps.example.com" })).toMatch(reason);
  });

  it.each([
    "registry.example.com",
    "registry.example.com:5000",
    "localhost:5000/mirror",
    "123.dkr.ecr.eu-central-1.amazonaws.com/kn/a_b",
  ])("image registry %s is taken", async (imageRegistry) => {
    expect((await loaded({ imageRegistry })).imageRegistry).toBe(imageRegistry);
  });
  it.each([
    ["https://registry.example.com", /scheme.*Write registry\.example\.com/],
    ["registry.example.com/mirror:latest", /tag/],
    ["registry.example.com/mirror@sha256:00", /digest/],
    ["registry.example.com/Mirror", /lower-case/],
    ["registry.example.com:port", /host/],
    ["registry.example.com//a", /path/],
  ])("image registry %s is refused", async (imageRegistry, reason) => {
    expect(await refusal({ imageRegistry })).toMatch(reason);
  });

  it("a mirror is a URL, and carries no password", async () => {
    expect((await loaded({ releaseMirror: "https://mirror.example.com/gh/" })).releaseMirror).toBe(
      "https://mirror.example.com/gh",
    );
    expect(await refusal({ releaseMirror: "mirror.example.com" })).toMatch(/no http or https URL/);
    expect(await refusal({ releaseMirror: "ftp://mirror.example.com" })).toMatch(/no http or https URL/);
    expect(await refusal({ releaseMirror: "https://me:hunter2@mirror.example.com" })).toMatch(/credentials/);
  });

  it.each([
    [{ knativeVersion: "latest" }, /no version/],
    [{ knativeVersion: "1" }, /no version/],
    [{ namespaces: ["Team_A"] }, /namespace has at most 63/],
    [{ skipChecks: ["everything"] }, /area\.name/],
    [{ skipChecks: ["proof.zero", "cluster.capcity"] }, /Did you mean cluster\.capacity/],
    [{ skipTagResolution: ["ko.local/x"] }, /host alone/],
    [{ timeout: "soon" }, /600 \(seconds\), 10m or 1h30m/],
    [{ timeout: "10m1h" }, /time such as/],
    [{ timeout: "1.5h" }, /time such as/],
    [{ hpa: "constructor" }, /true or false/],
    [{ timeout: "0" }, /from 1s to 24h/],
    [{ timeout: "25h" }, /from 1s to 24h/],
  ] satisfies [Sources["flags"], RegExp][])("%j is refused", async (flags, reason) => {
    expect(await refusal(flags)).toMatch(reason);
  });
});

describe("options against each other", () => {
  it.each([
    [{ dns: "magic", domain: "apps.example.com" }, /--dns magic does not go with --domain/],
    [{ dns: "none" }, /needs --domain/],
    [{ address: "lb.example.com" }, /host name/],
    [{ http: "redirect", tls: "none" }, /--http redirect does not go with --tls none/],
    [{ loggingRetention: "3" }, /--logging-retention does not go with --logging none.*elasticsearch/],
    [{ logging: "fluent-bit", loggingStorage: "1Gi" }, /--logging-storage does not go with --logging fluent-bit/],
    [{ logging: "elasticsearch", loggingUrl: "https://a.example.com" }, /--logging-url does not go with/],
    [{ logging: "fluent-bit", loggingOutput: "loki" }, /--logging-output loki needs --logging-url/],
    [{ logging: "fluent-bit", loggingUrl: "https://a.example.com" }, /does not go with --logging-output stdout/],
    [
      { logging: "fluent-bit", loggingOutput: "http", loggingUrl: "https://me:hunter2@a.example.com" },
      /carries credentials.*LOGGING_USERNAME/,
    ],
    [{ logging: "fluent-bit", loggingOutput: "http", loggingUrl: "logs.example.com" }, /no http or https URL/],
    [{ logging: "elasticsearch", loggingReplicas: "0" }, /number of nodes from 1/],
    [{ logging: "elasticsearch", loggingStorage: "10" }, /no size of a volume/],
    [{ logging: "elasticsearch", loggingStorage: "900Mi" }, /writes nothing.*1Gi/],
    [{ logging: "fluent-bit", loggingNodes: "a b" }, /no label of nodes/],
    ...["http://localhost:3100", "http://127.0.0.1:3100/loki", "http://[::1]:9200"].map(
      (loggingUrl): [Sources["flags"], RegExp] => [
        { logging: "fluent-bit", loggingOutput: "loki", loggingUrl },
        /the pod itself.*loki\.monitoring\.svc/,
      ],
    ),
    [{ logging: "fluent-bit", loggingOutput: "http", loggingUrl: "http://a.example.com/%zz" }, /odd characters/],
    [{ mesh: true }, /--mesh does not go with --ingress kourier.*no sidecars/],
    [{ quiet: true, verbose: true }, /--quiet does not go with --verbose/],
    [{ domainTemplate: "nested" }, /needs --namespaces/],
    [{ domainTemplate: "{{.Name}}.{{.Namespace}}.apps.{{.Domain}}" }, /needs --namespaces/],
    [{ domainTemplate: "{{.Namespace}}.{{.Name}}.{{.Domain}}", namespaces: ["default"] }, /first label only/],
    [{ domainTemplate: "{{.Name}}.{{.Domain}}" }, /lacks \{\{\.Namespace\}\}/],
    [{ domainTemplate: "{{.Name}}" }, /lacks \{\{\.Namespace\}\} and \{\{\.Domain\}\}/],
    [{ domainTemplate: "{{.Name}}-{{.Namespace}}-{{.Domain}}" }, /below the domain/],
    [{ domainTemplate: "{{.Name}}_{{.Namespace}}.{{.Domain}}" }, /below the domain/],
    [{ domainTemplate: "{{.Domain}}.{{.Name}}-{{.Namespace}}" }, /below the domain/],
    [{ domainTemplate: '{{.Name}}-{{.Namespace}}{{index .Labels "x"}}.{{.Domain}}' }, /below the domain/],
    [{ domainTemplate: "constructor" }, /lacks/],
    [{ domainTemplate: "shallow" }, /lacks.*flat, nested/],
  ] satisfies [Sources["flags"], RegExp][])("%j is refused", async (flags, reason) => {
    expect(await refusal(flags)).toMatch(reason);
  });

  it.each([
    { domainTemplate: "nested", tls: "none" },
    { domainTemplate: "nested", namespaces: ["default"] },
    { domainTemplate: "{{.Name}}-{{.Namespace}}.apps.{{.Domain}}" },
    { domainTemplate: "svc-{{.Name}}-{{.Namespace}}.{{.Domain}}" },
    { domainTemplate: "{{.Namespace}}.{{.Name}}.{{.Domain}}", tls: "none" },
    { dns: "magic", address: "203.0.113.7" },
  ] satisfies Sources["flags"][])("%j is fine", async (flags) => {
    await expect(loaded(flags)).resolves.toBeDefined();
  });

  it("a template may have the blanks that Go allows", async () => {
    expect((await loaded({ domainTemplate: "{{ .Name }}-{{- .Namespace -}}.{{ .Domain }}" })).domainTemplate).toBe(
      FLAT,
    );
  });
});
