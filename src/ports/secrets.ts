/**
 * Told of each secret as soon as it is known, so that it is masked wherever it would be printed: texts as they are written, or the
 * bytes behind them. Undefined and what is no secret by itself (a certificate, an address) is passed over.
 */
export type Learn = (...secrets: readonly (string | Uint8Array | undefined)[]) => void;

/** For callers that print nothing: learns no secret. */
export const learnNothing: Learn = () => {};
