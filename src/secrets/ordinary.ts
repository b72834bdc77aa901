/**
 * Words that the program and Kubernetes say themselves. A password that is made of nothing else would blank out every second line,
 * and hides nothing.
 */
const COMMON: ReadonlySet<string> = new Set(
  `access account acme activator address admin administrator answer apply autoscaler aws bind bootstrap certificate certificates
  change changed changes check client cloud cluster config configmap connection context controller create created database default
  delete deleted deployment developer development disabled domain enabled error example external failed false gateway google health
  hello image ingress install installed internal issuer istio key knative kourier kubeconfig kubernetes letsencrypt local localhost
  manager master namespace namespaces network node nodes none null object objects operator password platform plan pods private
  production proof public ready record records redacted release renewal report request resolver root route running secret secrets
  server service services serving staging status steps system test testing timeout tls token true uninstall unknown update updated
  user username users version volume waiting webhook wildcard world zone`.split(/\s+/),
);

/** Shorter ones stand in too many words; next to their name the second net sees them. */
export const SHORTEST = 6;

/** Whether a value, although it was kept as a secret, is too short or too common to be looked for. */
export const isOrdinary = (value: string): boolean =>
  value.length < SHORTEST ||
  (value.length < LONGEST && !/\d/.test(value) && isCommon(value.toLowerCase().split(/[^a-z]+/)));

/** Of more than this nobody makes a name. */
const LONGEST = 256;

const isCommon = (words: readonly string[]): boolean =>
  words.some((word) => COMMON.has(word)) && words.every((word) => word.length < 3 || COMMON.has(word));

/** A word or a number such as others may say too: masked only where it stands alone. */
export const isWord = (value: string): boolean => value.length < 12 && /^(?:[A-Za-z]+|\d+)$/.test(value);
