import type { TlsStrategy } from "./strategy.ts";

export const noTls = {
  id: "none",
  title: "nobody",
  offer: { title: "None, plain http", hint: "Passwords and cookies can be read on their way." },
  help: "plain http.",
  serves: "nothing",
  elsewhere: { answer: "There is no certificate: the installation has --tls none." },
} as const satisfies TlsStrategy;
