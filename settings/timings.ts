/**
 * How often the main is looked at and how long its failure is borne: two profiles, of which `default` tolerates a service
 * restart and `fast` does not. The patience of each verdict may be set by hand; the rhythm of the probes may not, since the
 * times of a takeover are derived from it.
 */
export const profiles = ['default', 'fast'] as const;
export type Profile = (typeof profiles)[number];

/** How the main can fail: refused (a living host answers RST), silent (nothing comes back), frozen (connects, and no SMB answer). */
export interface PatienceMs {
  refused: number;
  silent: number;
  frozen: number;
}

/** The part of the network process's watch order that the settings decide; all in milliseconds. */
export interface ProbeTimings {
  echoEveryMs: number;
  echoTimeoutMs: number;
  negotiateEveryMs: number;
  negotiateTimeoutMs: number;
  fetchEveryMs: number;
  fetchTimeoutMs: number;
}

interface Rhythm {
  probes: ProbeTimings;
  patienceMs: PatienceMs;
}

const RHYTHMS: Record<Profile, Rhythm> = {
  default: {
    probes: {
      echoEveryMs: 250,
      echoTimeoutMs: 1_000,
      negotiateEveryMs: 2_000,
      negotiateTimeoutMs: 1_000,
      fetchEveryMs: 5_000,
      fetchTimeoutMs: 2_000,
    },
    patienceMs: { refused: 10_000, silent: 3_000, frozen: 5_000 },
  },
  // Three missed echoes, 100 ms apart, decide: whoever chooses this prefers a needless takeover to half a second more.
  fast: {
    probes: {
      echoEveryMs: 100,
      echoTimeoutMs: 150,
      negotiateEveryMs: 500,
      negotiateTimeoutMs: 150,
      fetchEveryMs: 2_000,
      fetchTimeoutMs: 1_000,
    },
    patienceMs: { refused: 300, silent: 300, frozen: 300 },
  },
};

/** The profile's patience. */
export function patienceOf(profile: Profile): PatienceMs {
  return RHYTHMS[profile].patienceMs;
}

/** The rhythm of the probes for these settings. */
export function probeTimings(settings: { takeover: { profile: Profile } }): ProbeTimings {
  return RHYTHMS[settings.takeover.profile].probes;
}
