/** A verify, and why a path is or is not mirrored, for people. */
import type { Explanation, FindingList, VerifyStatus } from '../../api/verify.ts';
import { counted, humanCount, humanDuration, humanSize, printable } from '../../base/human.ts';
import { safe } from '../screen.ts';
import { progressBar } from './bar.ts';
import { moment } from './time.ts';

export function verifyLine(verify: VerifyStatus): string {
  const { filesDone, filesTotal, bytesDone, bytesTotal, leftMs, open } = verify;
  const part = bytesTotal > 0 ? bytesDone / bytesTotal : filesTotal > 0 ? filesDone / filesTotal : 1;
  const left = leftMs <= 0 ? '' : `, ${humanDuration(leftMs)} left`;
  const again = open === 0 ? '' : `; ${humanCount(open)} looked at again`;
  const why = verify.problem === '' ? '' : `: ${printable(verify.problem)}`;
  const done = `${humanCount(filesDone)} of about ${counted(filesTotal, 'file')}, ${humanSize(bytesDone)} of ${humanSize(bytesTotal)}`;
  const pace = `${humanSize(verify.bytesPerSecond)}/s, ${humanCount(verify.filesPerSecond)} files/s${left}`;
  // Never full before the end: what came meanwhile is looked at too.
  return `  ${progressBar(Math.min(part, 0.99))}  ${done}; ${pace}${again}${why}`;
}

/** The end of a verify; `findings` may be only the first of them. */
export function verifiedLines(verify: VerifyStatus, findings: FindingList['findings']): string[] {
  const { same, different, healed, listed, changing, leftOut } = verify;
  const lines = findings.map((one) => {
    const mark = one.healed ? 'healed' : one.class;
    return safe`  ${mark.padEnd(9)}  ${one.share}/${one.path}: ${one.why}`;
  });
  const all = different + healed + listed + changing;
  return [
    ...lines,
    ...(all > findings.length ? [`  … ${humanCount(all - findings.length)} more`] : []),
    different === 0
      ? `No difference: ${counted(same, 'file')} ${same === 1 ? 'is' : 'are'} on the mirror as on the main.`
      : `${counted(different, 'difference')}; ${counted(same, 'file')} ${same === 1 ? 'is' : 'are'} the same.`,
    ...(healed === 0
      ? []
      : [`  ${counted(healed, 'difference was', 'differences were')} healed; what was replaced is in the attic`]),
    ...(listed === 0 ? [] : [`  ${counted(listed, 'object')} could not be compared, for the reasons above`]),
    ...(changing === 0 ? [] : [`  ${counted(changing, 'object')} never stood still`]),
    ...(leftOut === 0
      ? []
      : [`  ${counted(leftOut, 'object is', 'objects are')} left out by the settings (mirror.excludes)`]),
  ];
}

const VERDICTS: Record<Explanation['verdict'], string> = {
  mirrored: 'mirrored',
  'left-out': 'not mirrored: left out',
  refused: 'not mirrored as it is now',
  held: 'held',
  waiting: 'not mirrored yet',
  'not-on-main': 'not on the main',
  'no-share': 'not mirrored',
};

export function explanationLines(about: Explanation): string[] {
  const { share, path, verdict, why, sinceMs, provedMs, kind, size } = about;
  const at = path === '' ? share : `${share}/${path}`;
  return [
    `${printable(at)}: ${VERDICTS[verdict]}`,
    `  ${printable(why)}`,
    ...(kind === 'file'
      ? [`  the copy here: ${humanSize(size)}${sinceMs === 0 ? '' : `, placed ${moment(sinceMs)}`}`]
      : []),
    ...(kind === ''
      ? []
      : [
          provedMs === 0
            ? '  never compared with the main yet'
            : `  compared with the main, and the same: ${moment(provedMs)}`,
        ]),
  ];
}
