/**
 * The name under which the standby's version of a file is put beside the main's: `report (standby 2026-11-21 22-10-05).docx`,
 * with the moment it was last written on the standby. The moment comes from the file, not from the clock, so that a restore
 * that is begun again finds what it has already put there.
 */

/** UTF-16 units that NTFS, and bytes that Linux file systems, allow a name. */
const NAME_LIMIT = 255;

/** `ordinal` 1 is the plain name, 2 … make it another when that one is taken. `zone` is a time zone's name, the machine's by default. */
export function besideName(name: string, writtenNs: bigint, ordinal: number, zone?: string): string {
  const cut = name.lastIndexOf('.');
  // A leading dot, and a «sentence. with a dot», begin no extension.
  const hasExtension = cut > 0 && /^\.[^\s.]{1,16}$/.test(name.slice(cut));
  const stem = hasExtension ? name.slice(0, cut) : name;
  const tail = ` (standby ${moment(writtenNs, zone)})${ordinal === 1 ? '' : ` ${ordinal}`}${hasExtension ? name.slice(cut) : ''}`;
  return withTail(stem, tail);
}

/** The name with something behind it, cut where the two would be longer than a name may be. */
export function withTail(name: string, tail: string): string {
  return `${shortened(name, NAME_LIMIT - Buffer.byteLength(tail))}${tail}`;
}

function moment(ns: bigint, zone: string | undefined): string {
  const text = new Date(Number(ns / 1_000_000n)).toLocaleString('sv-SE', zone === undefined ? {} : { timeZone: zone });
  return text.replaceAll(':', '-').slice(0, 19);
}

/** As many whole code points as fit. UTF-8 bytes are never fewer than UTF-16 units, so one limit serves both. */
function shortened(stem: string, limitBytes: number): string {
  let kept = '';
  let bytes = 0;
  for (const point of stem) {
    bytes += Buffer.byteLength(point);
    if (bytes > limitBytes) break;
    kept += point;
  }
  return kept;
}
