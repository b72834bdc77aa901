import type { Remedy } from "../../ports/error.ts";
import { inNamespace, sh } from "../../ports/shell.ts";
import { compareVersions } from "../../ports/version.ts";

/** An agentk that runs here, by what its Deployment says. */
export interface Agent {
  readonly namespace: string;
  /** Of the Helm release, which is what its chart is changed by. */
  readonly release: string;
  /** `v16.8.0`; empty: an image without a version. */
  readonly version: string;
  /** `wss://kas.gitlab.com`; empty: it is not among the arguments. */
  readonly address: string;
}

/** Words of agentk or of what it speaks through, and what they mean (GitLab documentation, Troubleshooting the agent). */
export interface Failure {
  readonly words: RegExp;
  readonly means: string;
  readonly remedy: (agent: Agent) => Remedy;
  /** The agent is connected all the same. */
  readonly isHarmless?: true;
  /** From this version on the same words have another cause, which is not known here. */
  readonly before?: string;
}

/** `option`: as Helm takes it: `--set config.kasAddress=…`. */
const chart = ({ namespace, release }: Agent, option: readonly string[]) =>
  sh`helm upgrade ${release} gitlab/gitlab-agent ${inNamespace(namespace)} --reuse-values ${option}`;

/** The path has to end in a slash; an address without a path is one of its own. */
export const slashed = (address: string): string => (address.endsWith("/") ? address : `${address}/`);
export const lacksSlash = (address: string): boolean => /^wss?:\/\/[^/]+\/.*[^/]$/.test(address);

const TOKEN = "config.token=TOKEN";

/** The first whose words are met counts. */
const FAILURES: readonly Failure[] = [
  {
    words: /but got 301/,
    means: "its server answers with a redirect, because the address does not end in a slash",
    remedy: (agent) => ({
      text: "End the address in a slash.",
      command: chart(agent, ["--set", `config.kasAddress=${slashed(agent.address)}`]),
    }),
  },
  {
    words: /x509: certificate signed by unknown authority|certificate signed by unknown/,
    means: "it does not trust the certificate of its server",
    remedy: (agent) => ({
      text: "Give it the root of the CA that has signed that.",
      command: chart(agent, ["--set-file", "config.kasCaCert=ca.pem"]),
    }),
  },
  {
    words: /malformed HTTP response/,
    means: "it speaks TLS where its server does not, or the other way round",
    remedy: (agent) => ({
      text: "Use wss:// for a server with TLS, and ws:// for one without.",
      command: chart(agent, ["--set", `config.kasAddress=${otherScheme(agent.address)}`]),
    }),
  },
  {
    words: /Failed to register agent pod|Decompressor is not installed for grpc-encoding/,
    means: "it and its server are of different versions",
    remedy: (agent) => ({
      text: "Run the agent of the same minor as your GitLab.",
      command: chart(agent, ["--set", "image.tag=vMAJOR.MINOR.0"]),
    }),
  },
  {
    words: /code = Unauthenticated|\bUnauthenticated\b|GitLab Agent Server: Unauthorized/,
    means: "its token was revoked, or is another agent's",
    remedy: (agent) => ({
      text: "Make a new token in the project of the agent (at most two are active), and hand it over.",
      command: chart(agent, ["--set", TOKEN]),
    }),
  },
  {
    words: /no such host/,
    means: "the name of its server does not resolve here",
    remedy: (agent) => ({
      text: "Correct the address, or the cluster's DNS.",
      command: chart(agent, ["--set", "config.kasAddress=wss://HOST/-/kubernetes-agent/"]),
    }),
  },
  {
    words: /connection refused/,
    means: "nobody listens at the address: of the agent's server, or of GitLab as that server knows it",
    remedy: ({ namespace, release }) => ({
      text: "In gitlab.rb, gitlab_rails['gitlab_kas_internal_url'] and gitlab_kas['gitlab_address'] say where the two find each other; they are no loopback addresses where they run on several machines.",
      command: sh`helm get values ${release} ${inNamespace(namespace)}`,
    }),
  },
  {
    words: /failed to get project info[^"]*not found or private|not found or private/,
    means: "it may not read the project that its configuration names for GitOps",
    before: "17.0",
    remedy: () => ({
      text: "Make that project readable for the agent's, or go over to Flux: version 17.0 has no GitOps of its own.",
    }),
  },
  {
    words: /configuration file not found/,
    means: "its project has no configuration for it",
    isHarmless: true,
    remedy: () => ({ text: "Add .gitlab/agents/NAME/config.yaml to the default branch of the agent's project." }),
  },
];

const otherScheme = (address: string): string =>
  address.startsWith("wss:") ? address.replace(/^wss:/, "ws:") : address.replace(/^ws:/, "wss:");

/** What a line of its log says went wrong. */
export const failureIn = (line: string, { version }: Agent): Failure | undefined =>
  FAILURES.find(
    ({ words, before }) =>
      words.test(line) && (before === undefined || version === "" || compareVersions(version, before) < 0),
  );
