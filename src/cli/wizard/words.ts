/** With a capital letter at the beginning. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What the wizard's questions call what the command line has a flag for. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["--domain", "the domain"],
  ["--dns", "the DNS"],
  ["--tls", "the certificate"],
  ["--tls-secret", "the Secret"],
  ["--domain-template", "the form of the names"],
  ["--namespaces", "the list of namespaces"],
  ["--acme-directory", "the CA's directory"],
  ["--acme-email", "the e-mail address"],
  ["--expose", "the way to the gateway"],
  ["--ingress", "the gateway"],
  ["--metrics", "the way of metrics"],
  ["--metrics-endpoint", "the collector's URL"],
]);

/** Sentences about flags as sentences about answers. */
export const inAnswers = (text: string): string =>
  text
    .replaceAll(/\bleave --domain out\b/gi, (found) => (found.startsWith("L") ? "Type magic" : "type magic"))
    .replaceAll(/--[a-z][a-z-]*/g, (flag, offset: number, whole: string) => {
      const word = WORDS.get(flag);
      if (word === undefined) return flag;
      return /(^|[.!?] )$/.test(whole.slice(0, offset)) ? capital(word) : word;
    });
