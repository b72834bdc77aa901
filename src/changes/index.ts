import { account } from "./account.ts";
import { certificate } from "./certificate.ts";
import { challenge } from "./challenge.ts";
import type { ChangeBase, ChangeKind } from "./kind.ts";
import { object } from "./object.ts";
import { patch } from "./patch.ts";
import { records } from "./records.ts";

export type { ObjectChange } from "../kube/object-change.ts";
export type { AccountChange } from "./account.ts";
export type { CertificateChange } from "./certificate.ts";
export type { ChallengeChange } from "./challenge.ts";
export { READ, type Requirements } from "./kind.ts";
export type { PatchChange } from "./patch.ts";
export { type RecordsChange, recordName } from "./records.ts";

/** Each under its own name: another one does not compile. */
export const registry = <T extends { readonly [K in keyof T]: { readonly kind: K } }>(kinds: T): T => kinds;

/** Every kind of change. A change that is of none of them is no {@link Change}: a step that plans it does not compile. */
const KINDS = registry({ object, patch, records, challenge, certificate, account });

type Kind = (typeof KINDS)[keyof typeof KINDS];
type ChangeIn<K> = K extends ChangeKind<infer C, infer _T> ? C : never;
/** Contravariance makes the union of what single kinds need the intersection: what carries out all of them. */
type ToolsIn<K> = (K extends ChangeKind<infer _C, infer T> ? (tools: T) => void : never) extends (
  tools: infer A,
) => void
  ? A
  : never;

export type Change = ChangeIn<Kind>;
export type ChangeOf<K extends Change["kind"]> = Extract<Change, { readonly kind: K }>;
/** What every kind needs to be carried out. */
export type ApplyTools = ToolsIn<Kind>;

/** All that is known of this change's kind. TypeScript cannot follow through a union that a change and its kind fit together. */
export const kindOf = (change: ChangeBase): ChangeKind<ChangeBase, ApplyTools> =>
  KINDS[change.kind as Change["kind"]] as unknown as ChangeKind<ChangeBase, ApplyTools>;

/** For what is about one kind by its nature: `changes.filter(ofKind("certificate"))`. */
export const ofKind =
  <K extends Change["kind"]>(kind: K) =>
  (change: ChangeBase): change is ChangeOf<K> =>
    change.kind === kind;

/** What is said otherwise of some kinds; all others go to `otherwise`, so that a new one is never left out. */
export const byKind =
  <A extends readonly unknown[], R>(
    table: { readonly [K in Change["kind"]]?: (change: ChangeOf<K>, ...rest: A) => R },
    otherwise: (change: ChangeBase, ...rest: A) => R,
  ) =>
  (change: ChangeBase, ...rest: A): R =>
    ((table[change.kind as Change["kind"]] as typeof otherwise | undefined) ?? otherwise)(change, ...rest);

export const subjectOf = (change: ChangeBase): string => kindOf(change).subject(change);
/** The change with all its differences, as everybody who reads a plan gets it. */
export const withDifferences = <C extends ChangeBase>(change: C): C => ({
  ...change,
  fields: kindOf(change).differences(change),
});
/** Whether it exists during the run only (rule 8). */
export const isTemporary = (change: ChangeBase): boolean => kindOf(change).temporary?.is(change) ?? false;
