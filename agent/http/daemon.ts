/**
 * What the HTTP edge knows of the daemon: questions answered at once from memory, and orders. The edge checks requests
 * against the contract before they come here and asks for typed confirmation; the daemon judges whether the state allows them.
 * Whatever goes wrong is thrown as a Failure; its code becomes a code of the contract (failures.ts).
 */
import type { Plan, ProblemList } from '../../api/command.ts';
import type { EventList, LogEvent, RestoreProgress } from '../../api/event.ts';
import type { LimitList, LimitRequest } from '../../api/limit.ts';
import type { SetupRequest, UserRequest } from '../../api/setup.ts';
import type { ShareList, SharesRequest } from '../../api/shares.ts';
import type { Status } from '../../api/status.ts';
import type { Explanation, FindingList } from '../../api/verify.ts';

export type Order =
  | { name: 'start-sync' }
  | { name: 'stop-sync' }
  | { name: 'force-failover'; acceptMissing: boolean }
  | { name: 'recover-ip' }
  | { name: 'restore-files'; planHash: string }
  /** undefined: until resumed. */
  | { name: 'pause'; minutes: number | undefined }
  | { name: 'resume' };

/** `why` is one sentence either way. */
export interface OrderAnswer {
  accepted: boolean;
  why: string;
  hint?: string;
}

export type PlanAnswer = { accepted: true; plan: Plan } | { accepted: false; why: string; hint?: string };

/** Something is new. The status itself is asked for when it is sent, so that only the latest goes out. */
export type News =
  | { kind: 'status' }
  | { kind: 'event'; event: LogEvent }
  | { kind: 'restore'; progress: RestoreProgress };

export interface Daemon {
  status(): Status;
  /** Resolves when it is decided, not when its effects are done. */
  command(order: Order): Promise<OrderAnswer>;
  listShares(request: SharesRequest): Promise<ShareList>;
  setup(request: SetupRequest): Promise<OrderAnswer>;
  /** Resolves when the comparison is complete: may take long. */
  planRestore(): Promise<PlanAnswer>;
  setUserPassword(request: UserRequest): Promise<OrderAnswer>;
  /** Throws `settings-invalid` when one cannot be read. */
  setLimits(request: LimitRequest): Promise<OrderAnswer>;
  limits(): LimitList;
  problems(): ProblemList;
  /** Begins a verify; resolves when it runs. */
  verify(request: { heal: boolean; report: boolean }): Promise<OrderAnswer>;
  stopVerify(): Promise<OrderAnswer>;
  findings(): FindingList;
  explain(about: { share: string; path: string }): Promise<Explanation>;
  /** Those with a greater id, oldest first, at most EVENTS_LIMIT. */
  events(after: number): EventList;
  /** Tells the listener, which never throws, until the returned function is called. */
  subscribe(listener: (news: News) => void): () => void;
}
