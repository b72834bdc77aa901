import { asksAcmeCa, ids, strategyOf, type TlsId } from "../../certificates/index.ts";
import type { Written } from "../../config/complete.ts";
import { FLAT, NESTED } from "../../config/config.ts";
import { problemWith, readAs, shownDomain, shownPorts } from "./naming.ts";
import type { Known, Question } from "./question.ts";
import {
  brokenRule,
  completed,
  exampleUrl,
  fitted,
  needsDirectory,
  needsNamespaces,
  needsSecret,
  without,
  withPlaceholders,
} from "./settle.ts";

/** With the choice `tls` and a host template; absent: the usual one. */
const withTls = ({ before, written }: Known, tls: TlsId, template: string | undefined): Written =>
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
const templatesOf = (known: Known, tls: TlsId): readonly string[] =>
  [...new Set([known.before.domainTemplate ?? usualTemplate(tls), FLAT, NESTED])].filter(
    (template) => !brokenRule(judged(withTls(known, tls, template))),
  );

const usualTemplate = (tls: TlsId): string => completed({ tls }).domainTemplate;

const templateFor = (known: Known, tls: TlsId, form: number): string | undefined => {
  const templates = templatesOf(known, tls);
  return templates[form % templates.length];
};

const OWNS = ["tls", "domainTemplate"] as const;

export const tls: Question = {
  id: "tls",
  title: "Certificate",
  owns: OWNS,
  isAsked: () => true,
  ask: async (known, asker) => {
    const fitting = ids.filter((id) => !brokenRule(judged(withTls(known, id, undefined))));
    const { dns, tls: usual } = completed(without(known.written, ...OWNS));
    const initial = known.before.tls !== undefined && known.before.dns === dns ? known.before.tls : usual;
    /** Of what the asker gives back: one of those that it was given. */
    const chosen = (id: string): TlsId => fitting.find((one) => one === id) ?? "none";
    const { id, form } = await asker.choice({
      message: "Who makes the certificate?",
      help: "Tab changes between one name for all namespaces and a name below each.",
      initial: fitting.includes(initial) ? initial : (fitting[0] ?? "none"),
      forms: templatesOf(known, initial).length,
      choices: fitting.map((choice) => ({ id: choice, ...strategyOf(choice).offer })),
      live: (choice, shape) =>
        exampleUrl(
          withTls(known, chosen(choice), templateFor(known, chosen(choice), shape)),
          shownDomain(known.written, known.sight),
          shownPorts(known.written, known.sight),
        ),
    });
    const tls = chosen(id);
    const template = templateFor(known, tls, form);
    return {
      tls,
      ...(template !== undefined && template !== usualTemplate(tls) ? { domainTemplate: template } : {}),
    };
  },
};

export const directory: Question = {
  id: "directory",
  title: "CA",
  owns: ["acmeDirectory"],
  isAsked: ({ written }) => needsDirectory(written),
  ask: async ({ written, before }, asker) => {
    const text = await asker.text({
      message: "Where is the CA's directory?",
      help: "Its ACME URL. A root of its own, or an e-mail address, goes into the file that is printed at the end: acme-ca-file, acme-email.",
      initial: before.acmeDirectory ?? "",
      problem: (typed) =>
        problemWith("acmeDirectory", typed, (value) => judged({ ...written, acmeDirectory: String(value) })),
    });
    return { acmeDirectory: String(readAs("acmeDirectory", text)) };
  },
};

export const secret: Question = {
  id: "secret",
  title: "Secret",
  owns: ["tlsSecret"],
  isAsked: ({ written }) => needsSecret(written),
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
  title: "E-mail",
  owns: ["acmeEmail"],
  // With another CA its directory has been asked already, and seven questions are enough.
  isAsked: ({ written }) => written.tls !== undefined && !needsDirectory(written) && asksAcmeCa({ tls: written.tls }),
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
