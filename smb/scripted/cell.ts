/** For tests: a network namespace on a cable of its own, for one server on port 445. Only inside `tryout/isolate`. */
import { mustRun } from '../../base/command.ts';

export interface Cell {
  namespace: string;
  /** The server's address there. */
  host: string;
  remove(): Promise<void>;
}

const NAMESPACE = 'cell';
const OUR_END = 'to-cell';
const OUR_ADDRESS = '10.79.0.1/30';
const HOST = '10.79.0.2';

/**
 * One at a time.
 * @param mtuBytes of both ends of the cable; segments are not put together on it, so what TCP hands up is as small as they are
 */
export async function buildCell(mtuBytes: number): Promise<Cell> {
  const ip = (...args: string[]): Promise<string> => mustRun('ip', args, { timeLimitMs: 10_000 });
  const mtu = ['mtu', String(mtuBytes)];
  await ip('netns', 'add', NAMESPACE);
  await ip('link', 'add', OUR_END, ...mtu, 'type', 'veth', 'peer', 'name', 'eth0', ...mtu, 'netns', NAMESPACE);
  await ip('address', 'add', OUR_ADDRESS, 'dev', OUR_END);
  await ip('link', 'set', OUR_END, 'up', 'gso_max_segs', '1');
  await ip('-n', NAMESPACE, 'link', 'set', 'lo', 'up');
  await ip('-n', NAMESPACE, 'address', 'add', `${HOST}/30`, 'dev', 'eth0');
  await ip('-n', NAMESPACE, 'link', 'set', 'eth0', 'up', 'gso_max_segs', '1');
  return {
    namespace: NAMESPACE,
    host: HOST,
    remove: async () => {
      // By itself the cable goes when the kernel gets round to the namespace, which may be after the next one is built.
      await ip('link', 'delete', OUR_END);
      await ip('netns', 'delete', NAMESPACE);
    },
  };
}
