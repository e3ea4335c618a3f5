/** Reads the few bytes of a content that the judge wants to see. */
import fs from 'node:fs';
import type { Directory } from '../folder.ts';
import { type Look, lookAt, type Sample } from './look.ts';
import { HEAD_BYTES, PROBE_BYTES } from './thresholds.ts';

/** Of a whole content in memory. */
export function sampleOf(content: Buffer): Sample {
  const { length } = content;
  const middle = Math.max(0, Math.floor(length / 2) - PROBE_BYTES / 2);
  return {
    size: length,
    head: content.subarray(0, HEAD_BYTES),
    middle: content.subarray(middle, middle + PROBE_BYTES),
    tail: content.subarray(Math.max(0, length - PROBE_BYTES)),
  };
}

/** Of an open file. Throws the system's error. */
export function sampleFrom(fd: number): Sample {
  const { size } = fs.fstatSync(fd);
  const piece = (at: number, length: number): Buffer => {
    const bytes = Buffer.alloc(Math.min(length, Math.max(0, size - at)));
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, bytes.length, at));
  };
  return {
    size,
    head: piece(0, HEAD_BYTES),
    middle: piece(Math.max(0, Math.floor(size / 2) - PROBE_BYTES / 2), PROBE_BYTES),
    tail: piece(Math.max(0, size - PROBE_BYTES), PROBE_BYTES),
  };
}

/** What lies at a name of the mirror; undefined when it is no file or cannot be read. */
export function lookBefore(dir: Directory, name: string): Look | undefined {
  let fd: number;
  try {
    fd = fs.openSync(dir.at(name), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch {
    // Not there, or a link that somebody planted: then the name alone speaks.
    return undefined;
  }
  try {
    return fs.fstatSync(fd).isFile() ? lookAt(sampleFrom(fd)) : undefined;
  } finally {
    fs.closeSync(fd);
  }
}
