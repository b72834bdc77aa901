import type { Command } from "./command.ts";

export type { Command } from "./command.ts";

/** The first one is what the program does when no command is named. */
export const commands: readonly Command[] = [
  {
    name: "install",
    summary: "Install Knative Serving, an ingress and TLS: plan, ask, apply, prove",
    remembers: true,
    run: async (ctx) => (await import("./install.ts")).run(ctx),
  },
  {
    name: "plan",
    summary: "Show what install would change; change nothing",
    remembers: true,
    run: async (ctx) => (await import("./plan.ts")).run(ctx),
  },
  {
    name: "render",
    summary: "Print the objects that install would apply, as YAML",
    inYaml: true,
    run: async (ctx) => (await import("./render.ts")).run(ctx),
  },
  {
    name: "rehearse",
    summary: "Run the same install against an embedded cluster; needs nothing",
    run: async (ctx) => (await import("./rehearse.ts")).run(ctx),
  },
  {
    name: "status",
    summary: "Show versions, URLs, address and certificate of the installation",
    remembers: true,
    inYaml: true,
    run: async (ctx) => (await import("./status.ts")).run(ctx),
  },
  {
    name: "doctor",
    summary: "Find what is wrong with a Knative, whoever installed it, and the command that helps",
    run: async (ctx) => (await import("./doctor.ts")).run(ctx),
  },
  {
    name: "logs",
    summary: "Show the requests that Services have answered, or open the UI for logs that is there",
    argument: { value: "WHAT", choices: ["requests", "open"] },
    run: async (ctx) => (await import("./logs.ts")).run(ctx),
  },
  {
    name: "metrics",
    summary: "Print a Grafana dashboard that asks for what this Knative measures",
    argument: { value: "WHAT", choices: ["dashboard"] },
    run: async (ctx) => (await import("./metrics.ts")).run(ctx),
  },
  {
    name: "renew",
    summary: "Replace the certificate when it is due, and prove that the new one is served",
    remembers: true,
    run: async (ctx) => (await import("./renew.ts")).run(ctx),
  },
  {
    name: "iam-policy",
    summary: "Print the least AWS policy for exactly the records of a domain",
    implied: { dns: "route53" },
    run: async (ctx) => (await import("./iam-policy.ts")).run(ctx),
  },
  {
    name: "uninstall",
    summary: "Remove what install made, in the safe order; show it first",
    remembers: true,
    run: async (ctx) => (await import("./uninstall.ts")).run(ctx),
  },
  {
    name: "version",
    summary: "Print the versions of this program, of what it can install, and of the cluster",
    inYaml: true,
    run: async (ctx) => (await import("./version.ts")).run(ctx),
  },
  {
    name: "completion",
    summary: "Print what a shell has to load to complete commands, options and values",
    argument: { value: "SHELL", choices: ["bash", "zsh", "fish"] },
    run: async (ctx) => (await import("./completion.ts")).run(ctx),
  },
];
