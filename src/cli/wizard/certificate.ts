import { ids, issuerInfo } from "../../certificates/index.ts";
import type { Written } from "../../config/complete.ts";
import { FLAT, NESTED } from "../../config/config.ts";
import { capital, problemWith, readAs, shownDomain, shownPorts } from "./naming.ts";
import type { Known, Question } from "./question.ts";
import {
  asksCa,
  brokenRule,
  completed,
  exampleUrl,
  fitted,
  needsNamespaces,
  without,
  withPlaceholders,
} from "./settle.ts";

const TITLES: Readonly<Record<string, { readonly title: string; readonly hint: string }>> = {
  letsencrypt: { title: "Let's Encrypt", hint: "Every browser trusts it. Nothing to pay, nothing to sign up for." },
  "letsencrypt-staging": {
    title: "Let's Encrypt, staging",
    hint: "For trying out: browsers do not trust it, and its limits are wide.",
  },
  acme: { title: "Another ACME CA", hint: "A private one, for example; its directory is asked next." },
  "self-signed": { title: "A root of this cluster's own", hint: "Works everywhere; you import its root once." },
  secret: { title: "A certificate that I have", hint: "It is in a Secret, which is asked next." },
  "cert-manager": {
    title: "cert-manager",
    hint: "It is installed or adopted, and makes one certificate for each Route.",
  },
  none: { title: "None, plain http", hint: "Passwords and cookies can be read on their way." },
};

/** With the choice `tls` and a host template; absent: the usual one. */
const withTls = ({ before, written }: Known, tls: string, template: string | undefined): Written =>
  fitted(before, {
    ...without(written, "tls", "domainTemplate"),
    tls,
    ...(template ? { domainTemplate: template } : {}),
  });

/** Every namespace will be asked for. */
const judged = (written: Written): Written => {
  const whole = withPlaceholders(written);
  return needsNamespaces(whole) ? { ...whole, namespaces: ["default"] } : whole;
};

/** Those that a certificate of this choice can cover. URLs stay as they are; without any, the choice's own form comes first. */
const templatesOf = (known: Known, tls: string): readonly string[] =>
  [...new Set([known.before.domainTemplate ?? usualTemplate(tls), FLAT, NESTED])].filter(
    (template) => !brokenRule(judged(withTls(known, tls, template))),
  );

const usualTemplate = (tls: string): string => completed({ tls }).domainTemplate;

const templateFor = (known: Known, tls: string, form: number): string | undefined => {
  const templates = templatesOf(known, tls);
  return templates[form % templates.length];
};

export const tls: Question = {
  id: "tls",
  owns: ["tls", "domainTemplate"],
  isAsked: () => true,
  ask: async (known, asker) => {
    const fitting = ids.filter((id) => !brokenRule(judged(withTls(known, id, undefined))));
    const { dns, tls: usual } = completed(without(known.written, ...tls.owns));
    const initial = known.before.tls !== undefined && known.before.dns === dns ? known.before.tls : usual;
    const { id, form } = await asker.choice({
      message: "Who makes the certificate?",
      help: "Tab changes between one name for all namespaces and a name below each.",
      initial: fitting.includes(initial) ? initial : (fitting[0] ?? "none"),
      forms: templatesOf(known, initial).length,
      choices: fitting.map((choice) => ({
        id: choice,
        ...(TITLES[choice] ?? { title: capital(issuerInfo(choice).title), hint: "" }),
      })),
      live: (choice, shape) =>
        exampleUrl(
          withTls(known, choice, templateFor(known, choice, shape)),
          shownDomain(known.written, known.sight),
          shownPorts(known.written, known.sight),
        ),
    });
    const template = templateFor(known, id, form);
    return {
      tls: id,
      ...(template !== undefined && template !== usualTemplate(id) ? { domainTemplate: template } : {}),
    };
  },
};

export const directory: Question = {
  id: "directory",
  owns: ["acmeDirectory"],
  isAsked: ({ written }) => written.tls === "acme",
  ask: async ({ written, before }, asker) => {
    const text = await asker.text({
      message: "Where is the CA's directory?",
      help: "Its ACME URL. A root of its own is given by --acme-ca-file, an e-mail address by --acme-email.",
      initial: before.acmeDirectory ?? "",
      problem: (typed) =>
        problemWith("acmeDirectory", typed, (value) => judged({ ...written, acmeDirectory: String(value) })),
    });
    return { acmeDirectory: String(readAs("acmeDirectory", text)) };
  },
};

export const secret: Question = {
  id: "secret",
  owns: ["tlsSecret"],
  isAsked: ({ written }) => written.tls === "secret",
  ask: async ({ written, before }, asker) => {
    const text = await asker.text({
      message: "Which Secret holds your certificate?",
      help: "namespace/name of a Secret of type kubernetes.io/tls; it is copied, never changed.",
      initial: before.tlsSecret ?? "",
      problem: (typed) => problemWith("tlsSecret", typed, (value) => judged({ ...written, tlsSecret: String(value) })),
    });
    return { tlsSecret: String(readAs("tlsSecret", text)) };
  },
};

/** Typed where no address is wanted although there was one. */
const NONE = "none";

export const email: Question = {
  id: "email",
  owns: ["acmeEmail"],
  // With another CA its directory has been asked already, and six questions are enough.
  isAsked: ({ written }) => written.tls !== undefined && written.tls !== "acme" && asksCa(written.tls),
  ask: async ({ written, before }, asker) => {
    const isNone = (text: string): boolean => ["", NONE].includes(text.trim().toLowerCase());
    const text = await asker.text({
      message: "Where may the CA write to?",
      help: "An e-mail address; none is fine too.",
      initial: before.acmeEmail ?? NONE,
      problem: (typed) =>
        isNone(typed)
          ? undefined
          : problemWith("acmeEmail", typed, (value) => judged({ ...written, acmeEmail: String(value) })),
    });
    return isNone(text) ? {} : { acmeEmail: String(readAs("acmeEmail", text)) };
  },
};
