const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";

/**
 * The certificates of a PEM text (RFC 7468), each from BEGIN to END, in its order. Every character is looked at once: a regular expression that
 * looks for the END of each BEGIN takes minutes where there is none.
 */
export function* certificateBlocks(pem: string): Generator<string, void> {
  let begin = pem.indexOf(BEGIN);
  while (begin >= 0) {
    const end = pem.indexOf(END, begin + BEGIN.length);
    if (end < 0) return;
    yield pem.slice(begin, end + END.length);
    begin = pem.indexOf(BEGIN, end + END.length);
  }
}

/** The first private key of a PEM text, of whatever form, from BEGIN to END. */
export const privateKeyBlock = (pem: string): string | undefined => {
  const begin = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/.exec(pem);
  if (!begin) return undefined;
  const end = begin[0].replace("BEGIN", "END");
  const at = pem.indexOf(end, begin.index);
  return at < 0 ? undefined : pem.slice(begin.index, at + end.length);
};
