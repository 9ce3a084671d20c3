import { createECDH, createHash, createHmac } from 'node:crypto';

/** P-256 keys from seeds, and signatures that are the same at every run: what is minted twice has the same bytes. */

/** Order of the group. */
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export interface SigningKey {
  secret: bigint;
  /** x ‖ y, 64 bytes. */
  publicKey: Buffer;
}

/** The key of a secret of 32 bytes; a secret outside 1..n-1 throws. */
export function signingKey(secret: Buffer): SigningKey {
  return { secret: toNumber(secret), publicKey: multiplesOfG(secret) };
}

/** The same seed gives the same key. */
export function keyFromSeed(seed: string | Buffer): SigningKey {
  const wide = BigInt(`0x${createHash('sha512').update(seed).digest('hex')}`);
  return signingKey(toBytes(1n + (wide % (P256_ORDER - 1n))));
}

/** ECDSA on P-256 with SHA-256, nonce by RFC 6979: r ‖ s, 64 bytes. */
export function sign(key: SigningKey, message: Uint8Array): Buffer {
  const digest = toNumber(createHash('sha256').update(message).digest()) % P256_ORDER;
  const nonce = nonceOf(key.secret, digest);
  const r = toNumber(multiplesOfG(nonce).subarray(0, 32)) % P256_ORDER;
  const s = mod(inverse(toNumber(nonce)) * (digest + r * key.secret));
  return Buffer.concat([toBytes(r), toBytes(s)]);
}

/** The other signature that anybody can make of one: r ‖ n - s. */
export function malleated(signature: Uint8Array): Buffer {
  const s = toNumber(Buffer.from(signature.subarray(32)));
  return Buffer.concat([signature.subarray(0, 32), toBytes(P256_ORDER - s)]);
}

export function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

export function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function multiplesOfG(scalar: Buffer): Buffer {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  return curve.getPublicKey().subarray(1);
}

/** RFC 6979, 3.2: HMAC with SHA-256 until it gives a scalar. */
function nonceOf(secret: bigint, digest: bigint): Buffer {
  const seed = Buffer.concat([toBytes(secret), toBytes(digest)]);
  let v: Buffer = Buffer.alloc(32, 1);
  let k: Buffer = Buffer.alloc(32, 0);
  const update = (...parts: Buffer[]) => {
    k = hmac(k, v, ...parts);
    v = hmac(k, v);
  };
  update(Buffer.of(0), seed);
  update(Buffer.of(1), seed);
  for (;;) {
    v = hmac(k, v);
    const candidate = toNumber(v);
    if (candidate > 0n && candidate < P256_ORDER) return v;
    update(Buffer.of(0));
  }
}

function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

function mod(value: bigint): bigint {
  const rest = value % P256_ORDER;
  return rest < 0n ? rest + P256_ORDER : rest;
}

/** Extended Euclid; `value` is not divisible by the order, which is prime. */
function inverse(value: bigint): bigint {
  let [a, b, x, y] = [value, P256_ORDER, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return mod(x);
}
