/**
 * The rule for a status that has no row in the table: by its severity and its facility (MS-ERREF 2.3).
 *
 *   31–30 severity │ 29 customer │ 28 always 0 │ 27–16 facility │ 15–0 code
 */
import type { Rule } from './status-rule.ts';
import { RULES } from './status-rules.ts';

/** Success, informational, warning, error. */
const WARNING = 2;

/** Facilities that tell where on the server it went wrong (MS-ERREF 2.3, ntstatus.h of Windows). */
const BY_FACILITY: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [0x02, RULES.serverFault], // RPC run time
  [0x03, RULES.serverFault], // RPC stubs
  [0x04, RULES.diskTrouble], // drivers of devices
  [0x09, RULES.restricted], // security packages
  [0x13, RULES.away], // cluster
  [0x1c, RULES.filtered], // filter manager
  [0x21, RULES.volumeLocked], // full volume encryption
  [0x38, RULES.diskTrouble], // volume manager
  [0x3a, RULES.diskTrouble], // virtual disks
  [0x40, RULES.away], // resume keys, for handles that outlive a failover
  [0x41, RULES.behind], // redirected drive buffering
  [0x50, RULES.diskTrouble], // volume snapshots
  [0x5c, RULES.away], // shared virtual disks
  [0x5d, RULES.dialect], // SMB
  [0xe7, RULES.diskTrouble], // storage spaces
]);

/** Codes of facility 0 that come in a block: file system virtualization and cloud files. */
const TIERED = { from: 0xce00, to: 0xcfff } as const;

/** @param status any 32-bit value */
export function ruleOfUnknown(status: number): Rule {
  // Nothing was refused; but whoever asks for a rule has got something else than what he can use.
  if (status >>> 30 < WARNING) return RULES.misplaced;
  // Set by whoever is not Microsoft: filters, and servers of other makers.
  if (((status >>> 29) & 1) !== 0) return RULES.filtered;
  const facility = (status >>> 16) & 0xfff;
  const code = status & 0xffff;
  if (facility === 0 && code >= TIERED.from && code <= TIERED.to) return RULES.tieredBroken;
  return BY_FACILITY.get(facility) ?? RULES.other;
}
