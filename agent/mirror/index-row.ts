/** A row of the index as the rest of the room knows it, and how it is read from and written to SQLite's values. */
import type { SQLOutputValue } from 'node:sqlite';
import type { FileTime } from '../../smb/types.ts';
import { NO_SIGNATURE, type Signature } from './folder.ts';
import { CONDEMNED } from './index-schema.ts';

export type Kind = 'file' | 'directory';

/** What the main said of an object when we last looked. */
export interface Told {
  size: number;
  written: FileTime;
  created: FileTime;
  /** ChangeTime; 0n where the server has none. */
  changed: FileTime;
  attributes: number;
  /** 0n where it is not known. */
  fileId: bigint;
}

export interface Row extends Told {
  id: number;
  parent: number;
  name: string;
  kind: Kind;
  /** What we placed; NO_SIGNATURE for directories, and for files whose copy cannot be trusted. */
  local: Signature;
  /** A directory that has once been listed to its end. */
  listed: boolean;
}

export interface ShareRow {
  id: number;
  name: string;
  /** Row of its root directory. */
  root: number;
  identity: { volumeSerial: number; rootFileId: bigint } | undefined;
  /** A pass over the whole share has once been completed. */
  complete: boolean;
  /** Milliseconds since 1970; 0 when never. */
  lastPassMs: number;
  files: number;
  bytes: number;
}

const ROW_COLUMNS =
  'id, parent, name, kind, size, written, created, changed, attributes, file_id, local_size, local_mtime, local_ctime, local_ino, listed';

/** Built once: a statement is found by its text, and a text made anew is hashed anew. */
export const SELECT = {
  row: `SELECT ${ROW_COLUMNS} FROM objects WHERE id = ?`,
  child: `SELECT ${ROW_COLUMNS} FROM objects WHERE parent = ? AND name = ?`,
  children: `SELECT ${ROW_COLUMNS} FROM objects WHERE parent = ? AND name > ? ORDER BY name LIMIT ?`,
  directories: `SELECT ${ROW_COLUMNS} FROM objects WHERE parent = ? AND name > ? AND kind = 0 AND listed <= ? ORDER BY name LIMIT ?`,
  withFileId: `SELECT ${ROW_COLUMNS} FROM objects WHERE share = ? AND file_id = ? AND file_id <> 0 LIMIT 8`,
  files: `SELECT ${ROW_COLUMNS} FROM objects WHERE id > ? AND share = ? AND kind = 1 ORDER BY id LIMIT ?`,
  condemned: `SELECT id FROM objects WHERE parent = ${CONDEMNED} LIMIT 1`,
};

export type Values = Record<string, SQLOutputValue>;

/** An integer column read with big integers on. */
export function big(values: Values, column: string): bigint {
  const value = values[column];
  if (typeof value !== 'bigint') throw new Error(`index column ${column} holds no integer`);
  return value;
}

export function text(values: Values, column: string): string {
  const value = values[column];
  if (typeof value !== 'string') throw new Error(`index column ${column} holds no text`);
  return value;
}

export function count(values: Values, column: string): number {
  return Number(big(values, column));
}

export function rowOf(values: Values): Row {
  return {
    id: count(values, 'id'),
    parent: count(values, 'parent'),
    name: text(values, 'name'),
    kind: big(values, 'kind') === 1n ? 'file' : 'directory',
    size: count(values, 'size'),
    written: big(values, 'written'),
    created: big(values, 'created'),
    changed: big(values, 'changed'),
    attributes: count(values, 'attributes'),
    fileId: BigInt.asUintN(64, big(values, 'file_id')),
    local: {
      size: big(values, 'local_size'),
      mtimeNs: big(values, 'local_mtime'),
      ctimeNs: big(values, 'local_ctime'),
      ino: big(values, 'local_ino'),
    },
    listed: big(values, 'listed') === 1n,
  };
}

export function shareRowOf(values: Values): ShareRow {
  return {
    id: count(values, 'id'),
    name: text(values, 'name'),
    root: count(values, 'root'),
    identity:
      values['volume_serial'] === null
        ? undefined
        : { volumeSerial: count(values, 'volume_serial'), rootFileId: BigInt.asUintN(64, big(values, 'root_file_id')) },
    complete: big(values, 'complete') === 1n,
    lastPassMs: count(values, 'last_pass_ms'),
    files: count(values, 'files'),
    bytes: count(values, 'bytes'),
  };
}

/** The values of size … local_ino, in the order of ROW_COLUMNS. */
export function toldValues(told: Told, local: Signature = NO_SIGNATURE): (number | bigint)[] {
  return [
    told.size,
    signed(told.written),
    signed(told.created),
    signed(told.changed),
    told.attributes,
    signed(told.fileId),
    local.size,
    local.mtimeNs,
    local.ctimeNs,
    signed(local.ino),
  ];
}

/** SQLite's integers are signed; 64-bit ids and absurd times keep their bits. */
export function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}
