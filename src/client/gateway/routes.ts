import type { IncomingMessage } from 'node:http';
import { CocoonError } from '../../protocol/errors';
import { moneyJson } from '../money';
import type { Admission } from './admission';
import { leftNano } from './keys/keyTypes';
import { openApiDocument } from './openapi/document';
import { keyJson, spendableJson, spendableOf } from './spendable';
import type { GatewayClient } from './types';

interface RouteDeps {
  admission: Admission;
  client: GatewayClient;
}

type Answer = (request: IncomingMessage, deps: RouteDeps) => Promise<object> | object;

/** What the gateway itself answers; everything else is the client's. All of it is GET, hence HEAD as well. */
const OWN_ROUTES: Readonly<Record<string, Answer>> = {
  '/openapi.json': () => openApiDocument(),
  '/status': status,
  '/v1/cocoon/key': (request, { admission }) => {
    const visitor = admission.admit(request);
    return keyJson(visitor.key, visitor.spending(true));
  },
};

/** The answer's maker, or null for another's path. Throws CocoonError `method_not_allowed`. */
export function ownRoute(
  path: string,
  method: string,
  deps: RouteDeps,
): ((request: IncomingMessage) => Promise<object>) | null {
  const answer = Object.hasOwn(OWN_ROUTES, path) ? OWN_ROUTES[path] : undefined;
  if (!answer) return null;
  if (method !== 'GET' && method !== 'HEAD') {
    throw new CocoonError('method_not_allowed', `${method} is not served here.`);
  }
  return async (request) => answer(request, deps);
}

/** All about the money for whoever has no key or one without limits; a key's holder sees what he can spend. */
async function status(request: IncomingMessage, { admission, client }: RouteDeps): Promise<object> {
  const visitor = admission.admit(request);
  const { key } = visitor;
  const spending = visitor.spending(true);
  const money = await client.money();
  const left = key && spending ? leftNano(key, spending) : null;
  const spendable = spendableJson(spendableOf(money), left);
  return key ? { ...spendable, key: keyJson(key, spending) } : { ...spendable, ...moneyJson(money) };
}
