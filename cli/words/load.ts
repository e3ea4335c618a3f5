/** How our load on the main is held back, for people. */
import type { MirrorStatus } from '../../api/status.ts';

/** `20 Mbit/s`: networks are sold in bits. */
export function rateWords(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  const [unit, size] = bits >= 1e9 ? ['Gbit/s', 1e9] : bits >= 1e6 ? ['Mbit/s', 1e6] : ['kbit/s', 1e3];
  return `${Number((bits / size).toFixed(2))} ${unit}`;
}

/** Undefined when nothing is held back and no limit holds. */
export function loadWords({
  limitBytesPerSecond,
  limiting,
  yielding,
  inFlightAtMost,
}: MirrorStatus['load']): string | undefined {
  const words = [
    ...(limitBytesPerSecond === 0
      ? []
      : [`limited to ${rateWords(limitBytesPerSecond)}${limiting ? ', which holds it back' : ''}`]),
    ...(yielding ? [`the main answers slowly: a full pass has at most ${inFlightAtMost} in flight`] : []),
  ];
  return words.length === 0 ? undefined : words.join('; ');
}
