/** The three ways in which the main stops serving files. */
import { cable } from '../../tryout/lan.ts';
import type { Samba } from '../../tryout/samba.ts';

export const DEATHS = ['killed', 'link-down', 'frozen'] as const;
export type Death = (typeof DEATHS)[number];

/** Returns the wall time (ms) at which it began. */
export async function die(main: Samba, death: Death): Promise<number> {
  const atMs = Date.now();
  switch (death) {
    case 'killed':
      main.kill();
      break;
    case 'link-down':
      await cable('main', 'pulled');
      break;
    case 'frozen':
      main.freeze();
      break;
  }
  return atMs;
}
