/** The network process with short times, for the tests. */
import { main } from '../../net/main.ts';

await main(process.argv.slice(2), { graceMs: 2_000, lifetimeMs: 3_000 });
