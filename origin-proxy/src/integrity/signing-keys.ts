import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { MANIFEST_KEY_ID_BYTES } from '@nearcast/protocol';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';

/** A key as published: what a viewer verifies manifests with. */
export type PublishedKey = JWK & { readonly kid: string };

/** The key that signs, and all that are published: those of before stay valid until they are taken out. */
export interface SigningKeys {
  readonly keyId: Uint8Array;
  readonly published: readonly PublishedKey[];
  /** [M2] ECDSA P-256 with SHA-256, r‖s. */
  sign(bytes: Uint8Array): Buffer;
}

/**
 * @param files the first signs; each is made when there is none, so that edges that share a folder share a key
 * @throws {Error} one sentence, when a file is no P-256 private key
 */
export async function loadSigningKeys(files: readonly string[]): Promise<SigningKeys> {
  const keys = files.length === 0 ? [newKey()] : await Promise.all(files.map(loadOrCreate));
  const published = await Promise.all(keys.map(publish));
  const [signing, first] = [keys[0], published[0]];
  if (!signing || !first) throw new Error('there is no signing key');
  return {
    keyId: Buffer.from(first.kid, 'base64url').subarray(0, MANIFEST_KEY_ID_BYTES),
    published,
    sign: (bytes) => sign('sha256', bytes, { key: signing, dsaEncoding: 'ieee-p1363' }),
  };
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

async function loadOrCreate(file: string): Promise<KeyObject> {
  const found = await readKey(file);
  if (found) return found;
  await create(file).catch((error: Error) => {
    throw new Error(`--signing-key ${file} cannot be made: ${error.message}`, { cause: error });
  });
  const made = await readKey(file);
  if (!made) throw new Error(`--signing-key ${file} cannot be made`);
  return made;
}

/** Written beside and linked: edges that start at once agree on one key, and no one sees half of it. */
async function create(file: string): Promise<void> {
  // Not the process id: in containers that share a volume everyone's is 1.
  const unfinished = `${file}.${randomUUID()}.new`;
  try {
    await writeFile(unfinished, newKey().export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    await link(unfinished, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function readKey(file: string): Promise<KeyObject | undefined> {
  let pem: string;
  try {
    pem = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`--signing-key ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const key = parseKey(pem);
  if (key?.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error(`--signing-key ${file} is not a P-256 private key (PEM)`);
  }
  return key;
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** Files that others on this machine may read: whoever has a key can vouch for anything. */
export async function exposedKeyFiles(files: readonly string[]): Promise<readonly string[]> {
  const exposed = await Promise.all(files.map(async (file) => ((await stat(file)).mode & 0o004 ? file : undefined)));
  return exposed.filter((file) => file !== undefined);
}

/** [M3] The JWK's `kid` is its RFC 7638 thumbprint. */
async function publish(key: KeyObject): Promise<PublishedKey> {
  const jwk = await exportJWK(createPublicKey(key));
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig', key_ops: ['verify'] };
}
