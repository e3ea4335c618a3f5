/** Durations (`250ms`, `10s`, `6h`) and sizes (`500MB`, `2GB`) as people write them in the settings, to milliseconds and bytes. */

const DURATION_UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS_BYTES: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** The same rules as patterns, for the JSON schema that editors read. */
export const DURATION_PATTERN = '^[0-9]+(\\.[0-9]+)? ?(ms|s|min|h|d)$';
export const SIZE_PATTERN = '^[0-9]+(\\.[0-9]+)? ?(B|kB|MB|GB|TB)$';

export type Measured = { kind: 'good'; value: number } | { kind: 'bad'; what: string };

/** Whole milliseconds; «bad» when it is no duration or a fraction of a millisecond. */
export function parseDurationMs(text: string): Measured {
  return parse(text, DURATION_UNITS_MS, '10s');
}

/** Whole bytes, decimal units as disks are sold; «bad» when it is no size. */
export function parseSizeBytes(text: string): Measured {
  return parse(text, SIZE_UNITS_BYTES, '2GB');
}

function parse(text: string, units: Record<string, number>, example: string): Measured {
  const [, number, unit] = /^([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const known = Object.keys(units).join(', ');
  if (number === undefined || unit === undefined) return bad(`is not a number and a unit, like ${example}`);
  if (unit === '') return bad(`has no unit; write one of ${known}, like ${example}`);
  const factor = units[unit];
  if (factor === undefined) return bad(`has the unknown unit ${unit}; known are ${known}`);
  const value = Number((Number(number) * factor).toFixed(6));
  if (!Number.isSafeInteger(value)) return bad('is too large or too fine to be counted');
  return { kind: 'good', value };
}

function bad(what: string): Measured {
  return { kind: 'bad', what };
}
