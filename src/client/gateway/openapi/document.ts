import { ERROR_CODES } from '../../../protocol/errors';
import { errorsOf } from './errors';
import { RESPONSE_HEADERS } from './headers';
import { OPERATIONS, type Operation } from './operations';
import { componentSchemas, type SchemaName } from './schemas';

const DESCRIPTION = `OpenAI's API on this machine. Each request is sealed to a worker whose hardware was verified, and paid from an escrow.
Each GET is served as HEAD too. Errors are OpenAI's objects; docs/errors.md says for each code what to do.`;

/** The gateway's API as an OpenAPI 3.1 document; docs/openapi.json is the same. */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Confidential compute: the local gateway', version: '1', description: DESCRIPTION },
    servers: [{ url: 'http://127.0.0.1:8787' }],
    security: [{ key: [] }],
    paths,
    components: {
      schemas: componentSchemas(),
      responses: errorComponents(),
      headers: Object.fromEntries(
        Object.entries(RESPONSE_HEADERS).map(([name, description]) => [
          name,
          { description, schema: { type: 'string' } },
        ]),
      ),
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key; needed as soon as the gateway has any.',
        },
      },
    },
  };
}

function describe(operation: Operation): object {
  const { operationId, summary, kind, request } = operation;
  const parameters = [...parametersOf(operation), ...(kind === 'paid' ? [IDEMPOTENCY] : [])];
  return {
    operationId,
    summary,
    ...(kind === 'open' ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(request
      ? { requestBody: { required: true, content: { [request.type]: { schema: ref(request.schema) } } } }
      : {}),
    responses: { '200': answerOf(operation), ...errorAnswers(operation) },
  };
}

const IDEMPOTENCY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'The same key with the same request gets the same answer, and one bill; with another request 409.',
  schema: { type: 'string' },
};

function parametersOf({ path, query = {} }: Operation): object[] {
  const schema = { type: 'string' };
  return [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema })),
    ...Object.entries(query).map(([name, required]) => ({ name, in: 'query', required, schema })),
  ];
}

function answerOf({ answer, streams, text, summary }: Operation): object {
  const schema = answer === null ? { type: 'object' } : ref(answer);
  return {
    description: summary,
    headers: headerRefs(),
    content: {
      'application/json': { schema },
      ...(text ? { 'text/plain': { schema: { type: 'string' } } } : {}),
      ...(streams ? { 'text/event-stream': { schema: { type: 'string', description: STREAM } } } : {}),
    },
  };
}

const STREAM =
  'With `stream: true`: events as OpenAI sends them. The last ones come only after the bill was verified; a stream that fails ends with an event that has an `error`.';

/** Operations of one kind share their refusals. */
function errorAnswers({ kind }: Operation): Record<string, object> {
  return Object.fromEntries(
    [...errorsOf(kind)].map(([status]) => [
      String(status),
      { $ref: `#/components/responses/${kind}${status}` },
    ]),
  );
}

function errorComponents(): Record<string, object> {
  const kinds = ['open', 'keyed', 'paid'] as const;
  return Object.fromEntries(
    kinds.flatMap((kind) =>
      [...errorsOf(kind)].map(([status, codes]) => [
        `${kind}${status}`,
        {
          description: codes.map((code) => `\`${code}\`: ${ERROR_CODES[code].remedy}`).join('\n'),
          headers: headerRefs(),
          content: { 'application/json': { schema: ref('Error') } },
        },
      ]),
    ),
  );
}

function headerRefs(): Record<string, object> {
  return Object.fromEntries(
    Object.keys(RESPONSE_HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
}

function ref(name: SchemaName): object {
  return { $ref: `#/components/schemas/${name}` };
}
