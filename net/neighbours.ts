/**
 * Who is on the network, learned from the broadcast requests that everybody hears («who has X? tell me»). They are told
 * first when an address moves, and they serve as witnesses that we are not cut off.
 * Anybody can forge such frames: the table is bounded, and an entry only ever makes us send a frame to it.
 */

/** Entries kept; the one not heard for the longest goes first. */
export const NEIGHBOUR_LIMIT = 256;

export interface Neighbour {
  ip: string;
  mac: string;
}

export interface Neighbours {
  learn(neighbour: Neighbour): void;
  forget(ip: string): void;
  /** The most recently heard first. */
  recent(limit: number): Neighbour[];
}

export function openNeighbours(limit = NEIGHBOUR_LIMIT): Neighbours {
  // A Map keeps insertion order; whoever is heard again moves to the end.
  const byIp = new Map<string, string>();
  return {
    learn({ ip, mac }) {
      byIp.delete(ip);
      byIp.set(ip, mac);
      for (const oldest of byIp.keys()) {
        if (byIp.size <= limit) break;
        byIp.delete(oldest);
      }
    },
    forget: (ip) => {
      byIp.delete(ip);
    },
    recent: (count) =>
      [...byIp]
        .slice(-count)
        .reverse()
        .map(([ip, mac]) => ({ ip, mac })),
  };
}
