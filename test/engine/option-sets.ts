import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Internet, startInternet } from "../../src/sandbox/internet.ts";
import type { WorldOptions } from "../../src/sandbox/world.ts";

/** One kind of installation. */
export interface OptionSet {
  readonly title: string;
  readonly args: readonly string[];
  /** The cluster it is for, where a usual one would not do. */
  readonly world?: WorldOptions;
}

/** Every kind of installation that needs a cluster and nothing else, by what `options.test.ts` and `istio.test.ts` see in it. */
export const OPTION_SETS = {
  defaults: { title: "no options", args: [] },
  nodeport: { title: "--expose nodeport", args: ["--expose", "nodeport"], world: { loadBalancer: "none" } },
  address: {
    title: "--address",
    args: ["--expose", "nodeport", "--address", "127.0.0.1", "--domain", "apps.example.com"],
    world: { loadBalancer: "none" },
  },
  plain: { title: "--tls none", args: ["--tls", "none", "--domain-template", "flat"] },
  domain: { title: "--domain", args: ["--domain", "one.example.com"] },
  hostname: {
    title: "a gateway with only a host name",
    args: ["--domain", "apps.example.com"],
    world: { loadBalancer: "hostname" },
  },
  nested: {
    title: "nested hosts",
    args: ["--domain", "apps.example.com", "--domain-template", "nested", "--namespaces", "default,shop"],
  },
  extras: {
    title: "--hpa, request logs, metrics and registries",
    args: [
      ...["--hpa", "--logging", "request-logs", "--metrics", "prometheus"],
      ...["--skip-tag-resolution", "localhost:5001"],
    ],
  },
  mirror: { title: "--image-registry", args: ["--image-registry", "registry.example.com/mirror"] },
  fluentBit: { title: "--logging fluent-bit", args: ["--logging", "fluent-bit"] },
  elasticsearch: { title: "--logging elasticsearch", args: ["--logging", "elasticsearch"] },
  istioRequestLogs: {
    title: "--logging request-logs and --ingress istio",
    args: ["--ingress", "istio", "--logging", "request-logs"],
  },
  istioFluentBit: {
    title: "--logging fluent-bit and --ingress istio",
    args: ["--ingress", "istio", "--logging", "fluent-bit"],
  },
  istioElasticsearch: {
    title: "--logging elasticsearch and --ingress istio",
    args: ["--ingress", "istio", "--logging", "elasticsearch"],
  },
  istio: { title: "--ingress istio", args: ["--ingress", "istio"] },
  laptop: {
    title: "--profile small",
    args: ["--ingress", "istio", "--profile", "small", "--expose", "nodeport"],
    world: { loadBalancer: "none" },
  },
} as const satisfies Readonly<Record<string, OptionSet>>;

const DOMAIN = ["--domain", "apps.example.com"];

/** What lies outside of the cluster. `caFile`: PEM of the roots that the CA is verified with. */
export interface Outside {
  readonly internet: Internet;
  readonly caFile: string;
}

export const openOutside = async (): Promise<Outside> => {
  const internet = await startInternet({ zones: ["example.com"] });
  const caFile = join(mkdtempSync(join(tmpdir(), "kn-bootstrap-ca-")), "ca.pem");
  writeFileSync(caFile, `${internet.acme.tlsCa}\n${internet.acme.root}`);
  return { internet, caFile };
};

/** Those that also write records, or ask a CA. */
export const INTERNET_SETS: readonly {
  readonly title: string;
  readonly args: (outside: Outside) => readonly string[];
}[] = [
  {
    title: "Route 53, Let's Encrypt",
    args: ({ internet: { acme } }) => [
      ...["--dns", "route53", ...DOMAIN, "--tls", "letsencrypt"],
      ...["--acme-directory", acme.directory],
    ],
  },
  {
    title: "RFC 2136, a private CA",
    args: ({ internet: { acme }, caFile }) => [
      ...["--dns", "rfc2136", ...DOMAIN, "--tls", "acme"],
      ...["--acme-directory", acme.directory, "--acme-ca-file", caFile],
    ],
  },
  { title: "RFC 2136, plain http", args: () => ["--dns", "rfc2136", ...DOMAIN, "--tls", "none"] },
  {
    title: "Route 53, cert-manager",
    args: ({ internet: { acme }, caFile }) => [
      ...["--dns", "route53", ...DOMAIN, "--tls", "cert-manager"],
      ...["--acme-directory", acme.directory, "--acme-ca-file", caFile],
    ],
  },
];
