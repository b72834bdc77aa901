/** What outputs of logs keep, by the Service that they are behind, `namespace/name`: records as they came, no index and no search but by text. */
export interface Store {
  readonly add: (service: string, record: Readonly<Record<string, unknown>>) => void;
  /** That have any. */
  readonly services: () => readonly string[];
  readonly in: (service: string) => readonly Readonly<Record<string, unknown>>[];
}

export const createStore = (): Store => {
  const kept = new Map<string, Readonly<Record<string, unknown>>[]>();
  return {
    add: (service, record) => {
      kept.set(service, [...(kept.get(service) ?? []), record]);
    },
    services: () => [...kept.keys()],
    in: (service) => kept.get(service) ?? [],
  };
};
