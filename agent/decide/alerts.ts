/** What people are mailed: what is so, why, and the next thing to do. The subject stands alone in a list of mails. */

import type { AlertCode, Effect, Facts, FailureKind, Layer, Policy } from './types.ts';
import { counted, duration, size } from './words.ts';

type Alert = Extract<Effect, { kind: 'alert' }>;

function alert(code: AlertCode, subject: string, text: string, next: string): Alert {
  return { kind: 'alert', code, subject, text, next };
}

/** `refuses connections (layer: negotiate) for 10 s`. */
export function failureWords(how: FailureKind, layer: Layer, heldMs: number): string {
  const words: Record<FailureKind, string> = {
    refused: 'refuses connections',
    silent: 'does not answer',
    frozen: 'accepts connections and answers nothing',
  };
  return `${words[how]} for ${duration(heldMs)} (layer: ${layer})`;
}

/** `1,200 files (3.4 GB)`. */
export function missingWords(facts: Facts): string {
  return `${counted(facts.mirror.missingFiles, 'file')} (${size(facts.mirror.missingBytes)})`;
}

export function takenOver(policy: Policy, why: string, tookMs: number): Alert {
  return alert(
    'taken-over',
    `${policy.standbyName} serves for ${policy.mainName}`,
    `${policy.standbyName} took over ${policy.address} in ${duration(tookMs)}: ${why}. Users can work; what they change is kept for ${policy.mainName}.`,
    `Keep ${policy.mainName} unplugged until it is repaired, then Recover IP.`,
  );
}

export function downManual(policy: Policy, why: string, layer: Layer, isPaused: boolean): Alert {
  return alert(
    'down-manual',
    `${policy.mainName} is down: press Force Actions (layer: ${layer})`,
    `${why}. ${isPaused ? 'Automatic takeover is on hold' : 'Takeover is manual'}, so users have no files until you act.`,
    'Force Actions.',
  );
}

export function downIncomplete(policy: Policy, facts: Facts, why: string): Alert {
  return alert(
    'down-not-ready',
    `${policy.mainName} is down and was not taken over: first copy incomplete`,
    `${why}. The first copy is not complete: ${missingWords(facts)} are missing on ${policy.standbyName}.`,
    `Start ${policy.mainName}, or Force Actions with the list of what is missing.`,
  );
}

export function downUnseen(policy: Policy, facts: Facts, why: string): Alert {
  return alert(
    'down-not-ready',
    `${policy.mainName} is down and was not taken over: not seen serving since ${policy.standbyName} started`,
    `${why}. ${policy.standbyName} has not seen ${policy.mainName} serve since it started itself, so the fault may be its own. Missing here: ${missingWords(facts)}.`,
    `Check the cable of ${policy.standbyName} and ${policy.mainName}, or Force Actions.`,
  );
}

export function isolated(policy: Policy, why: string): Alert {
  return alert(
    'isolated',
    `${policy.standbyName} is cut off and does nothing`,
    `${why}. ${policy.standbyName} cannot judge ${policy.mainName} from here and does not take over.`,
    `Check the cable of ${policy.standbyName}.`,
  );
}

export function rival(policy: Policy, mac: string): Alert {
  return alert(
    'rival',
    `${policy.mainName} is back with the same address: unplug it`,
    `${mac} claims ${policy.address} while ${policy.standbyName} serves there. Some PCs may write to it.`,
    `Unplug ${policy.mainName} now.`,
  );
}

export function takeOverFailed(policy: Policy, what: string, next: string): Alert {
  return alert(
    'take-over-failed',
    `${policy.standbyName} could not take over for ${policy.mainName}`,
    `Taking over ${policy.address} failed: ${what}.`,
    next,
  );
}

export function degraded(policy: Policy, why: string): Alert {
  return alert(
    'degraded',
    `${policy.mainName} answers, but cannot be judged fully; no takeover`,
    `${policy.mainName}: ${why}. This is never a reason to take over.`,
    `Check ${policy.mainName} and the account of ${policy.standbyName} on it.`,
  );
}

export function handedBack(policy: Policy): Alert {
  return alert(
    'handed-back',
    `${policy.mainName} serves again; Next: Restore Files`,
    `${policy.mainName} has ${policy.address} again and answers. What was changed on ${policy.standbyName} still waits there.`,
    'Restore Files.',
  );
}

export function restored(policy: Policy, detail: string): Alert {
  return alert(
    'restored',
    `Everything is back on ${policy.mainName}`,
    `What was changed on ${policy.standbyName} was sent back${detail === '' ? '' : `: ${detail}`}. ${policy.mainName} is not protected until mirroring starts again.`,
    'Start Sync.',
  );
}

export function mainRecovered(policy: Policy): Alert {
  return alert(
    'main-recovered',
    `${policy.mainName} serves again`,
    `${policy.mainName} answers again and was not taken over.`,
    'Nothing.',
  );
}
