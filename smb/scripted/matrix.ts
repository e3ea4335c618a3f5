/** For tests: every kind of Samba server that the client shall work with, as rows of settings and of what they lead to. */
import fc from 'fast-check';
import type { ServerInfo } from '../types.ts';

const DIALECTS = { SMB2_10: 0x0210, SMB3_00: 0x0300, SMB3_02: 0x0302, SMB3_11: 0x0311 } as const;
const SIGNING = ['mandatory', 'auto'] as const;
/** `off`: the server has no ciphers. `share`, `session`: required for one, or for everything. */
const ENCRYPTION = ['off', 'share', 'session'] as const;
const LIMITS = ['default', '512 credits', '1 MiB at a time', 'small packets'] as const;

const LIMIT_LINES: Record<(typeof LIMITS)[number], string[]> = {
  default: [],
  '512 credits': ['smb2 max credits = 512'],
  '1 MiB at a time': ['read', 'write', 'trans'].map((what) => `smb2 max ${what} = 1048576`),
  'small packets': [],
};
const MTU_BYTES = { usual: 1_500, small: 576 } as const;

export interface Row {
  name: string;
  global: string[];
  share: string[];
  mtuBytes: number;
  expected: Pick<ServerInfo, 'dialect' | 'signing' | 'cipher'>;
  /** Columns of `smbstatus -p`: what the server itself says it does. */
  told: { protocol: string; encryption: string; signing: string };
  /** One value for each question that the matrix asks. */
  values: string[];
}

/** All combinations; below 3.0 there is no encryption. */
export function allRows(): Row[] {
  return Object.keys(DIALECTS).flatMap((protocol) =>
    isProtocol(protocol)
      ? SIGNING.flatMap((signing) =>
          ENCRYPTION.filter((each) => each === 'off' || protocol !== 'SMB2_10').flatMap((encryption) =>
            LIMITS.map((limits) => rowOf(protocol, signing, encryption, limits)),
          ),
        )
      : [],
  );
}

/** 3.1.1 with one algorithm at a time, each as `server smb3 … algorithms` names it. */
export function algorithmRows(): Row[] {
  const signings = (['aes-gmac', 'aes-cmac', 'hmac-sha256'] as const).map((signing): Row => {
    const [name, told] =
      signing === 'hmac-sha256'
        ? ['HMAC-SHA256', 'HMAC-SHA256']
        : [signing.replace('aes', 'aes-128').toUpperCase(), signing.replace('aes', 'aes-128').toUpperCase()];
    const row = rowOf('SMB3_11', 'mandatory', 'off', 'default');
    return {
      ...row,
      name: `3.1.1 signed with ${name}`,
      global: [...row.global, `server smb3 signing algorithms = ${name}`],
      expected: { ...row.expected, signing },
      told: { ...row.told, signing: told },
    };
  });
  const ciphers = (['aes-128-gcm', 'aes-128-ccm', 'aes-256-gcm', 'aes-256-ccm'] as const).map((cipher): Row => {
    const name = cipher.toUpperCase();
    const row = rowOf('SMB3_11', 'mandatory', 'session', 'default');
    return {
      ...row,
      name: `3.1.1 encrypted with ${name}`,
      global: [...row.global, `server smb3 encryption algorithms = ${name}`],
      expected: { ...row.expected, cipher },
      told: { ...row.told, encryption: name },
    };
  });
  return [...signings, ...ciphers];
}

/** Some of them, the same for the same seed: so many that any two values that go together do so in one of them. */
export function sampleOf(rows: readonly Row[], seed: number): Row[] {
  const [shuffled = []] = fc.sample(fc.shuffledSubarray([...rows], { minLength: rows.length }), { seed, numRuns: 1 });
  const missing = new Set(rows.flatMap(({ values }) => pairsOf(values)));
  const gain = (row: Row): number => pairsOf(row.values).filter((pair) => missing.has(pair)).length;
  const sample: Row[] = [];
  while (missing.size > 0) {
    const best = shuffled.reduce((most, row) => (gain(row) > gain(most) ? row : most));
    sample.push(best);
    for (const pair of pairsOf(best.values)) missing.delete(pair);
  }
  return sample;
}

export function pairsOf(values: readonly string[]): string[] {
  return values.flatMap((one, at) => values.slice(at + 1).map((other) => `${one} & ${other}`));
}

function isProtocol(name: string): name is keyof typeof DIALECTS {
  return Object.hasOwn(DIALECTS, name);
}

function rowOf(
  protocol: keyof typeof DIALECTS,
  signing: (typeof SIGNING)[number],
  encryption: (typeof ENCRYPTION)[number],
  limits: (typeof LIMITS)[number],
): Row {
  const dialect = DIALECTS[protocol];
  const newest = dialect === 0x0311;
  const cipher = encryption === 'off' ? undefined : newest ? 'aes-128-gcm' : 'aes-128-ccm';
  const named = cipher?.toUpperCase() ?? '-';
  const values = [protocol, `signing ${signing}`, `encryption ${encryption}`, limits];
  return {
    name: values.join(', '),
    global: [
      `server max protocol = ${protocol}`,
      `server signing = ${signing}`,
      ...(encryption === 'share' ? [] : [`server smb encrypt = ${encryption === 'off' ? 'off' : 'required'}`]),
      ...LIMIT_LINES[limits],
    ],
    share: encryption === 'share' ? ['smb encrypt = required'] : [],
    mtuBytes: limits === 'small packets' ? MTU_BYTES.small : MTU_BYTES.usual,
    expected: {
      dialect,
      signing: newest ? 'aes-gmac' : dialect === 0x0210 ? 'hmac-sha256' : 'aes-cmac',
      cipher,
    },
    told: {
      protocol,
      encryption: encryption === 'share' ? `partial(${named})` : named,
      signing: newest ? 'AES-128-GMAC' : dialect === 0x0210 ? 'HMAC-SHA256' : 'AES-128-CMAC',
    },
    values,
  };
}
