/**
 * The contract between standbyd, which decides, and the network process, which alone holds raw sockets and the right to
 * change addresses. standbyd connects to the network process's unix socket (`net.sock` in the run folder); one line of JSON a message.
 *
 * Rules of the network process:
 *  - It takes an address only for a decision's id, and holds it only while that decision's standbyd keeps beating. Every address it adds
 *    carries a short kernel lifetime that it renews, so that an address never outlives the two of us.
 *  - When standbyd is gone or silent for HOLD_GRACE_MS, it releases everything and ends.
 *  - It says what it saw, with latency; it never judges.
 */
import { z } from 'zod';

export const NET_BEAT_MS = 500;
/** How long the network process goes on holding addresses for a standbyd that does not beat (a crash and restart fits in). */
export const HOLD_GRACE_MS = 15_000;
/** Kernel lifetime (valid_lft) of a taken address; renewed every third of it. */
export const ADDRESS_LIFETIME_MS = 6_000;

const probePlan = z.object({
  kind: z.literal('watch'),
  interface: z.string(),
  main: z.object({
    address: z.string(),
    port: z.number(),
    /** What it must do (smb/types.ts, Requirements); absent: what the client knows will do. */
    require: z.object({ dialect: z.literal([0x0210, 0x0300, 0x0302, 0x0311]), encryption: z.boolean() }).optional(),
  }),
  /** The kept session and the fetch of the known file log on with this; absent until set up. */
  logon: z.object({ user: z.string(), domain: z.string(), password: z.string() }).optional(),
  /** Shared with the mirror engine, so that both together do not lock the account (smb/logon/logon-guard.ts); absent: of its own. */
  ledger: z.object({ folder: z.string(), generation: z.string() }).optional(),
  /** A file that must stay readable: share and path, chosen by the mirror; absent while none is known. */
  known: z.object({ share: z.string(), path: z.string(), size: z.number(), writtenFileTime: z.string() }).optional(),
  echoEveryMs: z.number(),
  echoTimeoutMs: z.number(),
  negotiateEveryMs: z.number(),
  negotiateTimeoutMs: z.number(),
  fetchEveryMs: z.number(),
  fetchTimeoutMs: z.number(),
  /** Other addresses whose ARP answer proves that we are not cut off. The default gateway and learned clients are added by itself. */
  witnesses: z.array(z.string()),
});
export type ProbePlan = z.infer<typeof probePlan>;

const take = z.object({
  kind: z.literal('take'),
  decision: z.string(),
  interface: z.string(),
  addresses: z.array(z.string()).min(1),
  /** TCP connections to port 445 of the taken addresses go to this local port. */
  servePort: z.number(),
});
export type TakeOrder = z.infer<typeof take>;

export const toNet = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('beat'), n: z.number() }),
  probePlan,
  /** Stop probing the main (while we hold its address, probes would meet ourselves). Rivals are still watched for. */
  z.object({ kind: z.literal('watch-stop') }),
  /** Look at every layer now, not at the next interval. */
  z.object({ kind: z.literal('look') }),
  /**
   * Our Samba listens on this port: close it to the network but for what a take redirects to it. Stays until `end`;
   * without it the port is guarded only while something is held.
   */
  z.object({ kind: z.literal('guard'), servePort: z.number() }),
  take,
  z.object({ kind: z.literal('release'), decision: z.string() }),
  /** End, releasing everything. */
  z.object({ kind: z.literal('end') }),
]);
export type ToNet = z.infer<typeof toNet>;

/**
 * Layers, from the nearest to the farthest. link: own carrier. arp: the main's address answers ARP. witness: any witness answers ARP.
 * echo: SMB2 ECHO on the kept session. negotiate: a new TCP connection and NEGOTIATE. fetch: the known file, opened and read with a log-on.
 */
export const layers = ['link', 'arp', 'witness', 'echo', 'negotiate', 'fetch'] as const;
export type Layer = (typeof layers)[number];

/**
 * answered; refused (a living host sent RST or closed at once); silent (nothing came back: no ARP, no SYN-ACK);
 * frozen (TCP connected, SMB did not answer in time); denied (our own log-on or right: `detail` has the code);
 * changed (the known file is gone or different); unknown (not tried: no plan, no witness known).
 */
export const outcomes = ['answered', 'refused', 'silent', 'frozen', 'denied', 'changed', 'unknown'] as const;
export type Outcome = (typeof outcomes)[number];

const evidence = z.object({
  kind: z.literal('evidence'),
  layer: z.enum(layers),
  outcome: z.enum(outcomes),
  /** Milliseconds the probe took. */
  ms: z.number(),
  detail: z.string(),
});
export type Evidence = z.infer<typeof evidence>;

export const fromNet = z.discriminatedUnion('kind', [
  /**
   * lateMs: how late the network process's own clock ran since the last beat (an own fault, not the main's). rssBytes: its memory; one that
   * holds an address since before an update does not say it.
   */
  z.object({ kind: z.literal('beat'), n: z.number(), lateMs: z.number(), rssBytes: z.number().default(0) }),
  evidence,
  /** Someone else's frame claims an address that we hold. */
  z.object({ kind: z.literal('rival'), address: z.string(), mac: z.string() }),
  z.object({ kind: z.literal('taken'), decision: z.string(), ms: z.number() }),
  z.object({ kind: z.literal('released'), decision: z.string(), ms: z.number() }),
  /**
   * The decision's order failed and was undone; or, with the code `lapsed` or `lost`, what was held for it is held no more.
   * The decision is '' for a `guard` that failed.
   */
  z.object({ kind: z.literal('failed'), decision: z.string(), what: z.string(), code: z.string() }),
  /**
   * The first message to a new client: what is held now, and for which decision ('' when nothing is), and the network
   * process's id, so that a client can end one that is frozen.
   */
  z.object({ kind: z.literal('holding'), decision: z.string(), addresses: z.array(z.string()), pid: z.number() }),
]);
export type FromNet = z.infer<typeof fromNet>;
