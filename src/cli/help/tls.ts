import { strategies } from "../../certificates/index.ts";

const ways = strategies.flatMap(({ id, help }) => (help === undefined ? [] : [`${id}: ${help}`]));

export const text = `
${ways.join("\n\n")}

A wildcard stands for one label only. With --domain-template flat (the default with TLS) one certificate for *.DOMAIN covers every Service; with nested, each namespace needs a wildcard of its own, so name them with --namespaces.
`;
