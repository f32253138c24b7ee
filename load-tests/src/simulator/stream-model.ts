import { createPublicKey, generateKeyPairSync, hash, type KeyObject, sign, verify } from 'node:crypto';
import type { Clock, Hashing } from '@nearcast/player-plugin/engine';
import {
  chunkCount,
  chunkRange,
  chunkSizeFor,
  encodeManifest,
  encodeUnsigned,
  hexOf,
  type ManifestJwk,
  pathOfUrl,
  SEGMENT_KEY_BYTES,
  segmentIdentity,
} from '@nearcast/protocol';

export interface StreamModelConfig {
  readonly bitsPerSecond: number;
  readonly segmentSeconds: number;
  /** Segments of a recording; a live stream goes on for ever. */
  readonly segments: number;
}

export interface ModelSegment {
  readonly number: number;
  readonly url: string;
  /** As it is named in the engine. */
  readonly key: string;
  readonly body: Uint8Array;
  readonly manifest: Uint8Array;
}

/** The content: bodies that differ, and manifests that an edge would sign. */
export class StreamModel {
  readonly config: StreamModelConfig;
  readonly jwk: ManifestJwk;
  readonly playlistUrl = 'https://edge.example/stream/media.m3u8';
  readonly #privateKey: KeyObject;
  readonly #keyId: Uint8Array;
  readonly #segments = new Map<number, ModelSegment>();
  readonly #noise: Uint8Array;

  constructor(config: StreamModelConfig, random: () => number) {
    this.config = config;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.jwk = { kty: 'EC', crv: 'P-256', x, y };
    this.#privateKey = privateKey;
    this.#keyId = sha256(new TextEncoder().encode(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))).subarray(0, 8);
    this.#noise = Uint8Array.from({ length: 1 << 16 }, () => Math.floor(random() * 256));
  }

  segment(number: number): ModelSegment {
    const known = this.#segments.get(number);
    if (known) return known;
    const url = `https://edge.example/stream/segment${number}.ts`;
    const body = this.#body(number);
    const key = keyOf(url);
    const made = { number, url, key: hexOf(key), body, manifest: this.#manifest(key, body) };
    this.#segments.set(number, made);
    return made;
  }

  numberOf(url: string): number {
    return Number(/segment(\d+)\.ts$/.exec(url)?.[1]);
  }

  /** Sizes waver by a tenth, as real ones do. */
  #body(number: number): Uint8Array {
    const mean = (this.config.bitsPerSecond * this.config.segmentSeconds) / 8;
    const size = Math.round(mean * (0.9 + (0.2 * ((number * 7919) % 101)) / 100));
    const body = new Uint8Array(size);
    for (let at = 0; at < size; at += this.#noise.length) {
      body.set(this.#noise.subarray(0, Math.min(this.#noise.length, size - at)), at);
    }
    const stamp = new DataView(body.buffer);
    for (let at = 0; at + 8 <= size; at += 16 * 1024) {
      stamp.setUint32(at, number);
      stamp.setUint32(at + 4, at);
    }
    return body;
  }

  #manifest(key: Uint8Array, body: Uint8Array): Uint8Array {
    const unsigned = { keyId: this.#keyId, key, size: body.length, chunkSize: chunkSizeFor(body.length) };
    const hashes = Buffer.concat(
      Array.from({ length: chunkCount(unsigned) }, (_, chunk) => {
        const { start, end } = chunkRange(unsigned, chunk);
        return sha256(body.subarray(start, end));
      }),
    );
    const signature = sign('sha256', encodeUnsigned({ ...unsigned, hashes }), {
      key: this.#privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return encodeManifest({ ...unsigned, hashes, signature });
  }
}

function keyOf(url: string): Uint8Array {
  const identity = new TextEncoder().encode(segmentIdentity(pathOfUrl(url) as string));
  return sha256(identity).subarray(0, SEGMENT_KEY_BYTES);
}

function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

/** Hashing takes a browser some time, and its answer never comes in the same turn. */
const HASHING_MS = 0.3;

export function modelHashing(clock: Clock): Hashing {
  return {
    sha256: (bytes, done) =>
      void clock.after(HASHING_MS, () => {
        const digest = sha256(bytes);
        done(digest, heldOnce(digest, bytes));
      }),
    verify: (keys, signature, signed, done) =>
      void clock.after(HASHING_MS, () => done(keys.some((jwk) => verified(jwk, signature, signed)))),
  };
}

/**
 * By hash: a thousand viewers with copies of their own are gigabytes, which no processor's cache holds. What comes from the
 * edge is a view of the one body that there is, and comes first.
 */
const held = new Map<string, Uint8Array>();
const MAX_HELD = 4_096;

function heldOnce(digest: Buffer, bytes: Uint8Array): Uint8Array {
  const name = digest.toString('latin1');
  const known = held.get(name);
  if (known) return known;
  if (held.size >= MAX_HELD) held.clear();
  held.set(name, bytes);
  return bytes;
}

interface Verified {
  readonly jwk: ManifestJwk;
  readonly signed: Uint8Array;
  readonly isTrue: boolean;
}

/** By signature: a thousand viewers check the same manifest, and the answer depends on nothing but the bytes. */
const verdicts = new Map<string, Verified>();
const MAX_VERDICTS = 1_000;

function verified(jwk: ManifestJwk, signature: Uint8Array, signed: Uint8Array): boolean {
  const name = Buffer.from(signature).toString('latin1');
  const known = verdicts.get(name);
  if (known?.jwk.x === jwk.x && known.jwk.y === jwk.y && Buffer.compare(known.signed, signed) === 0)
    return known.isTrue;
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const isTrue = verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (verdicts.size >= MAX_VERDICTS) verdicts.clear();
  verdicts.set(name, { jwk, signed, isTrue });
  return isTrue;
}
