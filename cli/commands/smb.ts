/** `standby smb`: looks at a file server by hand with the client that mirrors it; needs no daemon. Each command is in ../smb/. */
import type { Command } from 'commander';
import { addAcl } from '../smb/acl.ts';
import { addGet } from '../smb/get.ts';
import { addInfo } from '../smb/info.ts';
import { addLs } from '../smb/ls.ts';
import { addPut } from '../smb/put.ts';
import { addRm } from '../smb/rm.ts';
import { addShares } from '../smb/shares.ts';
import { addStat } from '../smb/stat.ts';
import { addStreams } from '../smb/streams.ts';
import { addWatch } from '../smb/watch.ts';

export function addSmb(program: Command): void {
  const smb = program.command('smb').description('look at a file server with the client that mirrors it');
  for (const add of [addInfo, addShares, addLs, addGet, addPut, addStat, addAcl, addStreams, addWatch, addRm]) add(smb);
}
