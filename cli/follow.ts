/** Follows the daemon's stream until something is reached, drawing on the way. */
import type { Client } from '../api/client.ts';
import type { RestoreProgress } from '../api/event.ts';
import type { Status } from '../api/status.ts';
import { Failure } from '../base/failure.ts';
import { must } from './calling.ts';
import type { Screen } from './screen.ts';

/** done: reached; off: it will not be reached any more. */
export type Reached = 'going' | 'done' | 'off';

/** Draws every status until `reached` says that it is over; the last status. Throws a Failure `daemon-unreachable` when the stream ends before. */
export async function followUntil(
  client: Client,
  screen: Screen,
  draw: (status: Status, progress: RestoreProgress | undefined) => string[],
  reached: (status: Status) => Reached,
): Promise<Status> {
  let progress: RestoreProgress | undefined;
  let latest: Status | undefined;
  for await (const message of await must(client.stream())) {
    if (message.kind === 'event') continue;
    if (message.kind === 'restore') progress = message.progress;
    else latest = message.status;
    if (latest === undefined) continue;
    if (screen.live) screen.redraw(draw(latest, progress));
    const now = reached(latest);
    if (now === 'done') return latest;
    if (now === 'off') {
      throw new Failure({
        code: 'refused',
        doing: 'wait',
        what: latest.sentence.sentence,
        hint: latest.sentence.after,
      });
    }
  }
  throw streamEnded();
}

export function streamEnded(): Failure {
  return new Failure({
    code: 'daemon-unreachable',
    doing: 'wait',
    what: 'the daemon ended while it was followed',
    hint: 'look at its log: journalctl -u standby',
  });
}
