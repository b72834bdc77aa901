import { config } from "./config.ts";
import { dns } from "./dns.ts";
import { exitCodes } from "./exit-codes.ts";
import { options } from "./options.ts";
import { rehearse } from "./rehearse.ts";
import { renewal } from "./renewal.ts";
import { tls } from "./tls.ts";
import type { Topic } from "./topic.ts";

export { type Topic, topicText } from "./topic.ts";

/** What `help TOPIC` knows. A new one is a file beside this one and a word here. */
export const topics: readonly Topic[] = [config, options, dns, tls, renewal, rehearse, exitCodes];
