import { LIST_BOUNDS, type GovernanceMessage } from '../../wrappers/governanceMessages';
import { StatementRole } from '../protocol/statement';
import { blockSentence } from './explainBlocks';
import { loosening, tightening, type Explanation } from './explanation';
import { sameHash, type Standing } from './standing';
import { hex, short, time } from './words';

type Of<T extends GovernanceMessage['$$type']> = Extract<GovernanceMessage, { $$type: T }>;

/** Longest name of a model: one cell. */
const NAME_BYTES = 127;

export function explainAllowImage(
  { imageId, role, expiresAt }: Of<'AllowImage'>,
  now: Standing,
): Explanation {
  const id = hex(imageId);
  const present = now.images.find((image) => sameHash(image.imageId, id));
  const today = present
    ? `today it is allowed (role ${roleName(present.role)}) until ${time(present.expiresAt)}`
    : 'today it is not on the list';
  const blocked = blockSentence(id, now);
  const says = [`allows image ${short(id)} (role ${roleName(role)}) until ${time(expiresAt)}; ${today}`];
  if (blocked) says.push(`does not lift the block of that image: ${blocked}`);
  const against = full('images', now.images, present);
  if (Number(expiresAt) <= now.nowUnix) against.push('that date is past: refused (1014)');
  return loosening(says, against);
}

export function explainRevokeImage({ imageId }: Of<'RevokeImage'>, now: Standing): Explanation {
  const id = hex(imageId);
  const present = now.images.find((image) => sameHash(image.imageId, id));
  return tightening([
    present
      ? `takes image ${short(id)} off the list, where it is until ${time(present.expiresAt)}; ${NO_MORE}`
      : `takes image ${short(id)} off the list; it is not there, so nothing changes`,
  ]);
}

export function explainAllowShape({ shape }: Of<'AllowShape'>, now: Standing): Explanation {
  const id = hex(shape);
  const present = now.shapes.find((known) => sameHash(known, id));
  return loosening(
    [
      present
        ? `allows shape ${short(id)}; it is on the list already, so nothing changes`
        : `allows shape ${short(id)}; today it is not on the list`,
    ],
    full('shapes', now.shapes, present),
  );
}

export function explainRevokeShape({ shape }: Of<'RevokeShape'>, now: Standing): Explanation {
  const id = hex(shape);
  const there = now.shapes.some((known) => sameHash(known, id));
  const rest = there ? NO_MORE : 'it is not there, so nothing changes';
  return tightening([`takes shape ${short(id)} off the list; ${rest}`]);
}

export function explainAllowModel({ modelHash, name }: Of<'AllowModel'>, now: Standing): Explanation {
  const id = hex(modelHash);
  const present = now.models.find((model) => sameHash(model.modelHash, id));
  const against = full('models', now.models, present);
  if (Buffer.byteLength(name) > NAME_BYTES) {
    against.push(`its name is longer than ${NAME_BYTES} bytes: refused (1013)`);
  }
  return loosening(
    [
      present
        ? `names model ${short(id)} ${quoted(name)}; today its name is ${quoted(present.name)}`
        : `allows model ${quoted(name)} (${short(id)}); today it is not on the list`,
      ...namesakes(id, name, now),
    ],
    against,
  );
}

export function explainRevokeModel({ modelHash }: Of<'RevokeModel'>, now: Standing): Explanation {
  const id = hex(modelHash);
  const present = now.models.find((model) => sameHash(model.modelHash, id));
  return tightening([
    present
      ? `takes model ${quoted(present.name)} (${short(id)}) off the list; ${NO_MORE}`
      : `takes model ${short(id)} off the list; it is not there, so nothing changes`,
  ]);
}

const NO_MORE = 'nothing is admitted with it any more, and what was admitted ends within a day';

/** Clients ask by name: a second model of one name would be taken for the first. */
function namesakes(id: string, name: string, now: Standing): string[] {
  const others = now.models.filter((model) => model.name === name && !sameHash(model.modelHash, id));
  return others.map(
    (other) => `takes a name that model ${short(other.modelHash.toString('hex'))} bears already`,
  );
}

function roleName(role: bigint | number): string {
  const known = Object.entries(StatementRole).find(([, value]) => Number(value) === Number(role));
  return known ? known[0].toLowerCase() : `${role}, which no program has`;
}

/** Names come from whoever proposes: nothing in them may move a terminal's cursor. */
export function quoted(name: string): string {
  return JSON.stringify(name).replace(
    /[^\x20-\x7e]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function full(list: keyof typeof LIST_BOUNDS, entries: readonly unknown[], present: unknown): string[] {
  if (present !== undefined || entries.length < LIST_BOUNDS[list]) return [];
  return [`the list is full, ${LIST_BOUNDS[list]} ${list}: refused (1012)`];
}
