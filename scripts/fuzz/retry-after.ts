import { retryAfterOf } from "../../src/adapters/authority/problem.ts";
import { LONGEST_RETRY_AFTER_MS, retryAfterMs } from "../../src/ports/retry-after.ts";
import { mutatedText, textOf } from "./mutate.ts";
import { must, same, type Target } from "./target.ts";

const NOW = Date.UTC(2030, 0, 1);
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

/** The three forms of RFC 9110 section 5.6.7. */
const formsOf = (date: Date): readonly string[] => {
  const [day = "", dd = "", month = "", year = "", time = ""] = date.toUTCString().replace(",", "").split(" ");
  return [
    date.toUTCString(),
    `${DAYS[date.getUTCDay()]}, ${dd}-${month}-${year.slice(2)} ${time} GMT`,
    `${day} ${month} ${dd.replace(/^0/, " ")} ${time} ${year}`,
  ];
};

export const retryAfter: Target = {
  name: "retry-after",
  holds:
    "seconds and the three forms of a date are understood; everything gives a whole number from 0 to an hour, or nothing",
  check: (chance, note) => {
    const seconds = chance.below(10_000);
    same(retryAfterMs(String(seconds), NOW), Math.min(LONGEST_RETRY_AFTER_MS, seconds * 1000), "seconds");
    const date = new Date(NOW + 1000 * (chance.below(10_000) - 5_000));
    const forms = formsOf(date);
    for (const form of forms) {
      note(form);
      same(retryAfterMs(form, NOW), Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, date.getTime() - NOW)), form);
    }
    const written = chance.pick([...forms, String(seconds), "1.5", "9".repeat(400)]);
    const header =
      chance.below(4) === 0
        ? textOf(chance, 600)
        : mutatedText(chance, written, [",", "GMT", "e9", "-", "Infinity", "0x10", "NaN", "9".repeat(40)]);
    const given = chance.below(4) === 0 ? [header, written] : header;
    note(given);
    const found = retryAfterMs(given, NOW);
    must(
      found === undefined || (Number.isInteger(found) && found >= 0 && found <= LONGEST_RETRY_AFTER_MS),
      `it gave ${found}`,
    );
    const moment = retryAfterOf(header, new Date(NOW));
    must(moment === undefined || !Number.isNaN(moment.getTime()), "a moment that is none");
  },
};
